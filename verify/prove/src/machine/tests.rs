//! The machine on functions of a few lines: what the compiler claims falsely is found.

use super::Machine;
use crate::ir::{Module, Program};
use crate::term::{Term, Terms};

/// Makes a function of `a` and `b` of this body, and hands its summary, or why there is none, to `look`.
fn summary<T>(body: &str, look: impl Fn(&Terms, Result<super::Summary, String>) -> T) -> T {
    let text = format!(
        "define i64 @_RNvNtCsx_7exports6values1f(i64 %a, i64 %b) {{\nstart:\n{body}\n}}\n\
         define i64 @inner(i64 noundef %a) {{\nstart:\n  %r = add i64 %a, 1\n  ret i64 %r\n}}\n\
         define i64 @ignores(i64 noundef %a) {{\nstart:\n  ret i64 7\n}}\n\
         declare void @panics() #0\ndeclare void @returns() #1\nattributes #0 = {{ noreturn }}\n\
         attributes #1 = {{ cold }}\n!0 = !{{i64 0, i64 3}}\n"
    );
    let program = Program::new(vec![Module::read(&text).unwrap()]);
    let terms = Terms::default();
    let arguments = [terms.variable("a", 64), terms.variable("b", 64)];
    let summary = Machine::new(&terms, &program).summary("values::f", &arguments, 1);
    look(&terms, summary)
}

/// The result for these numbers, and whether it fails.
fn run(body: &str, a: u64, b: u64) -> (u128, bool) {
    summary(body, |terms, summary| {
        let summary = summary.unwrap_or_else(|why| panic!("{why}"));
        let of: [Term; 2] = [summary.results[0], summary.fails];
        let values = terms.values(&of, &|name| match name {
            "a" => a.into(),
            "b" => b.into(),
            _ => 0,
        });
        (values[0], values[1] == 1)
    })
}

fn error(body: &str) -> String {
    summary(body, |_, summary| summary.err().unwrap_or_else(|| panic!("it was executed: {body}")))
}

#[test]
fn a_claim_fails_exactly_where_it_is_false() {
    let max = u64::MAX;
    // The body, numbers for which the claim is so, and numbers for which it is not.
    let cases = [
        ("%r = add nuw i64 %a, %b\n ret i64 %r", (max, 0), (max, 1)),
        ("%r = add nsw i64 %a, %b\n ret i64 %r", (max, max), (max >> 1, 1)),
        ("%r = sub nuw i64 %a, %b\n ret i64 %r", (7, 7), (6, 7)),
        ("%r = sub nsw i64 %a, %b\n ret i64 %r", (max, 1), (1 << 63, 1)),
        ("%r = mul nuw i64 %a, %b\n ret i64 %r", (1 << 32, 1 << 31), (1 << 32, 1 << 32)),
        ("%r = mul nsw i64 %a, %b\n ret i64 %r", (max, 1 << 62), (1 << 32, 1 << 31)),
        ("%r = shl nsw i64 %a, %b\n ret i64 %r", (1, 62), (1, 63)),
        ("%r = udiv exact i64 %a, %b\n ret i64 %r", (8, 2), (9, 2)),
        ("%r = urem i64 %a, %b\n ret i64 %r", (8, 3), (8, 0)),
        ("%t = trunc nsw i64 %a to i8\n %r = sext i8 %t to i64\n ret i64 %r", (127, 0), (128, 0)),
        ("%c = icmp ne i64 %a, %b\n call void @llvm.assume(i1 %c)\n ret i64 %a", (1, 2), (2, 2)),
        ("%r = shl nuw i64 %a, %b\n ret i64 %r", (1, 63), (2, 63)),
        ("%r = shl i64 %a, %b\n ret i64 %r", (1, 63), (1, 64)),
        ("%r = lshr exact i64 %a, %b\n ret i64 %r", (8, 3), (9, 3)),
        ("%r = or disjoint i64 %a, %b\n ret i64 %r", (8, 7), (8, 9)),
        ("%r = udiv i64 %a, %b\n ret i64 %r", (8, 2), (8, 0)),
        ("%c = icmp samesign ult i64 %a, %b\n %r = zext i1 %c to i64\n ret i64 %r", (1, 2), (max, 2)),
        ("%t = trunc nuw i64 %a to i8\n %r = zext nneg i8 %t to i64\n ret i64 %r", (127, 0), (128, 0)),
        ("%r = call range(i64 0, 7) i64 @inner(i64 %a)\n ret i64 %r", (5, 0), (6, 0)),
        (
            "%p = alloca i64, align 8\n store i64 %a, ptr %p, align 8\n \
             %r = load i64, ptr %p, align 8, !range !0\n ret i64 %r",
            (2, 0),
            (3, 0),
        ),
    ];
    for (body, right, wrong) in cases {
        let body = body.replace('\n', "\n ");
        let body = format!("  {body}");
        assert!(!run(&body, right.0, right.1).1, "{body}");
        assert!(run(&body, wrong.0, wrong.1).1, "{body}");
    }
}

#[test]
fn poison_that_is_not_chosen_does_no_harm() {
    let body = "  %s = add nuw i64 %a, 1\n  %c = icmp eq i64 %a, -1\n  \
                %r = select i1 %c, i64 %b, i64 %s\n  ret i64 %r";
    assert_eq!(run(body, u64::MAX, 5), (5, false));
    assert_eq!(run(body, 1, 5), (2, false));
}

#[test]
fn memory_that_was_never_written_is_poison() {
    let body = |stored| {
        format!(
            "  %p = alloca [8 x i8], align 8\n  store {stored}, ptr %p, align 8\n  \
             %r = load i64, ptr %p, align 8\n  ret i64 %r"
        )
    };
    assert_eq!(run(&body("i64 %a"), 7, 0), (7, false));
    assert!(run(&body("i32 7"), 7, 0).1, "only four bytes were written");
}

#[test]
fn numbers_are_in_memory_with_the_lowest_byte_first() {
    let body = "  %p = alloca [8 x i8], align 8\n  store i64 %a, ptr %p, align 8\n  \
                %q = getelementptr inbounds i8, ptr %p, i64 1\n  %s = load i8, ptr %q, align 1\n  \
                %r = zext i8 %s to i64\n  ret i64 %r";
    assert_eq!(run(body, 0x1234, 0), (0x12, false));
    // Two numbers, read as one.
    let body = "  %p = alloca [8 x i8], align 8\n  store i32 1, ptr %p, align 8\n  \
                %q = getelementptr inbounds i8, ptr %p, i64 4\n  store i32 2, ptr %q, align 4\n  \
                %r = load i64, ptr %p, align 8\n  ret i64 %r";
    assert_eq!(run(body, 0, 0), (2 << 32 | 1, false));
}

#[test]
fn a_panic_and_what_is_unreachable_are_failures_where_they_are_reached() {
    for end in ["call void @panics()\n  unreachable", "unreachable"] {
        let body = format!(
            "  %c = icmp eq i64 %a, 77\n  br i1 %c, label %bad, label %good\n\nbad:\n  {end}\n\ngood:\n  ret i64 %b"
        );
        assert_eq!(run(&body, 76, 5), (5, false));
        assert!(run(&body, 77, 5).1);
    }
}

#[test]
fn calls_are_executed_and_merged() {
    assert_eq!(run("  %r = call i64 @inner(i64 %a)\n  ret i64 %r", 4, 0), (5, false));
    // An argument that may be poison, where that is undefined.
    let body = "  %s = add nuw i64 %a, 1\n  %r = call i64 @inner(i64 %s)\n  ret i64 %r";
    assert!(run(body, u64::MAX, 0).1);
    // It is undefined also where the function makes nothing of it.
    let body = body.replace("@inner", "@ignores");
    assert_eq!(run(&body, 1, 0), (7, false));
    assert!(run(&body, u64::MAX, 0).1);
}

#[test]
fn what_the_machine_cannot_follow_is_an_error() {
    for (body, why) in [
        ("  br label %again\n\nagain:\n  br label %again", "a loop"),
        ("  call void @returns()\n  ret i64 %a", "only declared"),
        ("  %r = call i64 @llvm.ctpop.i64(i64 %a)\n  ret i64 %r", "an intrinsic that is not known"),
        ("  %r = call i64 @llvm.smax.i64(i64 %a, i64 %b)\n  ret i64 %r", "an intrinsic that is not known"),
        ("  %p = alloca i64, align 8\n  %r = load i128, ptr %p, align 8\n  ret i64 %a", "outside of memory"),
        ("  %r = add i64 %c, 1\n  ret i64 %r", "has no value"),
        ("  %r = add i32 %a, 1\n  ret i64 %a", "is no Bits(32)"),
        ("  %r = load i64, ptr @G, align 8\n  ret i64 %r", "the whole program"),
        ("  ret i32 7", "a result of 32 bits"),
    ] {
        let found = error(body);
        assert!(found.contains(why), "{body}: {found}");
    }
}
