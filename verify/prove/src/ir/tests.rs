//! What is read, and that everything else is an error.

use super::instruction::read;
use super::{Action, Module, Operand, Program};
use std::collections::HashMap;

fn error(line: &str) -> String {
    read(line, &HashMap::new()).err().unwrap_or_else(|| panic!("it was read: {line}"))
}

#[test]
fn instructions_are_read() {
    for line in [
        "%3 = add nuw nsw i64 %2, 1",
        "%\"a b\" = or disjoint i64 %x, -7",
        "%c = icmp samesign ugt i64 %a, 2233785415175766016",
        "%s = select i1 %c, i64 %a, i64 poison",
        "%p = phi i64 [ 0, %start ], [ %a, %\"b$LT$.exit\" ]",
        "%l = load i64, ptr %p, align 8, !alias.scope !4, !noalias !7",
        "%m = tail call i64 @llvm.umin.i64(i64 range(i64 -1, 7) %a, i64 6)",
        "store i64 %a, ptr %p, align 8",
        "%g = getelementptr inbounds nuw i8, ptr %p, i64 8",
        "%e = extractvalue { i64, i1 } %m, 1",
        "switch i64 %a, label %no [ i64 0, label %one i64 -1, label %two ]",
        "br i1 %c, label %yes, label %no, !prof !27",
        "ret void",
    ] {
        assert!(read(line, &HashMap::new()).is_ok(), "{line}: {}", error(line));
    }
    let instruction = read("%3 = add nuw i64 %2, 1 ; why", &HashMap::new()).unwrap();
    assert_eq!(instruction.result.as_deref(), Some("3"));
    let Action::Binary(_, flags, 64, Operand::Local(one), Operand::Constant(1)) = instruction.action else {
        panic!("{:?}", instruction.action)
    };
    assert_eq!((flags.nuw, flags.nsw, one.as_str()), (true, false, "2"));
}

#[test]
fn what_is_not_known_is_an_error() {
    for (line, why) in [
        ("%3 = sdiv i64 %1, %2", "the instruction sdiv"),
        ("%3 = fadd double %1, %2", "the instruction fadd"),
        ("%3 = add fast i64 %1, %2", "fast"),
        ("%3 = and nuw i64 %1, %2", "the flag nuw"),
        ("%3 = or nsw i64 %1, %2", "the flag nsw"),
        ("%3 = icmp unordered i64 %1, %2", "the comparison"),
        ("%3 = add <2 x i64> %1, %2", "'<'"),
        ("%3 = add double %1, %2", "the type double"),
        ("%3 = add i256 %1, %2", "the type i256"),
        ("%3 = add i64 %1, null", "the operand null"),
        ("%3 = add i64 %1, %2, !annotation !7", "!annotation"),
        ("%3 = load volatile i64, ptr %1, align 8", "the type volatile"),
        ("%3 = load i64, ptr %1, align 8, !invariant.load !3", "!invariant.load"),
        ("%3 = load i64, ptr %1, align 8, !range !9", "!9 is no range"),
        ("store atomic i64 %1, ptr %2 seq_cst, align 8", "the type atomic"),
        ("%3 = call i64 @f(i64 nofpclass(nan) %1)", "the operand nofpclass"),
        ("%3 = call i64 %f(i64 %1)", "no known function"),
        ("%3 = getelementptr i8, ptr %1, i64 %2", "an offset that is no constant"),
        ("%3 = getelementptr [4 x i8], ptr %1, i64 2", "i8 expected"),
        ("%3 = alloca i64, align 64", "64 bytes of alignment"),
        ("%3 = trunc nneg i64 %1 to i32", "the flag nneg"),
        ("%3 = cmpxchg ptr %1, i64 %2, i64 %4 acq_rel monotonic", "the instruction cmpxchg"),
        ("fence seq_cst", "the instruction fence"),
        ("ret i64 %1 %2", "',' expected"),
    ] {
        let found = error(line);
        assert!(found.contains(why) && found.contains(line), "{line}: {found}");
    }
}

const MODULE: &str = "\
define i64 @_RNvNtCsx_7exports6values3one(i64 noundef %a) unnamed_addr #0 {
start:
  ret i64 %a
}
@_RNvNtCsx_7exports6values3two = unnamed_addr alias i64 (i64), ptr @_RNvNtCsx_7exports6values3one
declare void @panics(ptr) unnamed_addr #1
declare void @returns(ptr) unnamed_addr #0
attributes #0 = { nounwind memory(none) \"target-cpu\"=\"x86-64\" }
attributes #1 = { cold noreturn }
";

fn program(text: &str) -> Program {
    Program::new(vec![Module::read(text).unwrap()])
}

#[test]
fn a_function_is_found_by_its_path_also_under_another_name() {
    let program = program(MODULE);
    let two = program.exported("values::two").unwrap();
    let (_, function) = program.function(0, &two).unwrap().unwrap();
    assert_eq!((function.parameters.len(), function.blocks.len()), (1, 1));
    assert!(program.exported("values::three").is_err());
    assert!(program.ends(0, "panics") && !program.ends(0, "returns"));
}

#[test]
fn a_function_with_an_attribute_that_is_not_known_is_an_error() {
    for (right, wrong, why) in [
        ("nounwind memory", "nopoison memory", "nopoison"),
        ("unnamed_addr #0 {", "unnamed_addr #7 {", "no attributes #7"),
        ("unnamed_addr #0 {", "personality #0 {", "personality"),
        ("i64 noundef %a", "i64 returned %a", "a name expected"),
        ("define i64 @", "define nofpclass(nan) i64 @", "nofpclass"),
    ] {
        let program = program(&MODULE.replacen(right, wrong, 1));
        let name = program.exported("values::one").unwrap();
        let found = program.function(0, &name).unwrap().expect_err(wrong);
        assert!(found.contains(why), "{wrong}: {found}");
    }
}
