use super::*;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};

/// The sites of a function with this body.
fn in_body(body: &str) -> Result<Vec<Site>, String> {
    find(&format!(
        "use core::sync::atomic::{{AtomicU64, Ordering, fence}};\nfn f(a: &AtomicU64) {{\n{body}\n}}\n"
    ))
}

/// What is done, its ordering, and what that becomes.
fn ways(sites: &[Site]) -> Vec<(&str, Ordering, &[Weaker])> {
    sites.iter().map(|site| (site.what.as_str(), site.was, site.weaker.as_slice())).collect()
}

const RELAXED: &[Weaker] = &[Weaker::Ordering(Relaxed)];

#[test]
fn each_access_is_weakened_by_one_step() {
    let sites = in_body(
        "a.load(Ordering::Acquire);
         a.store(1, Ordering::Release);
         a.swap(1, Ordering::AcqRel);
         a.load(core::sync::atomic::Ordering::SeqCst);
         a.store(1, Ordering::SeqCst);
         a.fetch_add(1, Ordering::SeqCst);
         a.load(Ordering::Relaxed);",
    )
    .unwrap();
    let one = |ordering| vec![Weaker::Ordering(ordering)];
    assert_eq!(
        ways(&sites),
        [
            ("load", Acquire, RELAXED),
            ("store", Release, RELAXED),
            ("swap", AcqRel, &[Weaker::Ordering(Acquire), Weaker::Ordering(Release)]),
            ("load", SeqCst, &one(Acquire)),
            ("store", SeqCst, &one(Release)),
            ("fetch_add", SeqCst, &one(AcqRel)),
            ("load", Relaxed, &[]),
        ]
    );
    assert_eq!(sites.iter().map(|site| site.line).collect::<Vec<_>>(), [3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn both_orderings_of_a_compare_exchange_are_sites() {
    let sites = in_body("let _ = a.compare_exchange(1, 2, Ordering::SeqCst, Ordering::Acquire);").unwrap();
    assert_eq!(
        ways(&sites),
        [
            ("compare_exchange, success", SeqCst, [Weaker::Ordering(AcqRel)].as_slice()),
            ("compare_exchange, failure", Acquire, RELAXED),
        ]
    );
}

#[test]
fn a_fence_is_weakened_and_left_out() {
    let sites = in_body("fence(Ordering::SeqCst); core::sync::atomic::fence(Ordering::Release);").unwrap();
    assert_eq!(
        ways(&sites),
        [
            ("fence", SeqCst, [Weaker::Ordering(AcqRel), Weaker::Removed].as_slice()),
            ("fence", Release, &[Weaker::Removed]),
        ]
    );
}

#[test]
fn a_function_that_is_nothing_but_a_fence_is_left_out_at_each_call() {
    let sites = find(
        "impl G { fn publish() { fence(Ordering::SeqCst); } fn a(&self) { Self::publish(); } }
         impl Drop for G { fn drop(&mut self) { G::publish() } }",
    )
    .unwrap();
    let found: Vec<_> = sites.iter().map(|site| (site.function.as_str(), site.what.as_str())).collect();
    assert_eq!(found, [("G::publish", "fence"), ("G::a", "publish()"), ("G::drop", "publish()")]);
    assert_eq!(sites[1].weaker, [Weaker::Removed]);
}

#[test]
fn an_ordering_that_is_handed_on_is_a_site() {
    let sites = in_body("move_word(|| a.load(Ordering::Relaxed), Ordering::Release);").unwrap();
    assert_eq!(ways(&sites), [("load", Relaxed, [].as_slice()), ("move_word", Release, RELAXED)]);
}

#[test]
fn comments_texts_and_comparisons_are_no_sites() {
    let sites = in_body(
        "// a.load(Ordering::SeqCst); fence(Ordering::SeqCst)
         let _ = \"Ordering::SeqCst fence(\";
         let _: core::cmp::Ordering = core::cmp::Ordering::Less;",
    );
    assert_eq!(sites, Ok(vec![]));
    assert_eq!(find("/// Like `fence(Ordering::SeqCst)`.\nfn f(order: Ordering) {}"), Ok(vec![]));
}

#[test]
fn what_would_hide_a_site_is_refused() {
    for body in [
        "let order = Ordering::Acquire; a.load(order);",
        "const ORDER: Ordering = Ordering::Acquire;",
        "a.load({ Ordering::Acquire });",
        "a.load(if true { Ordering::Acquire } else { Ordering::Relaxed });",
        "assert_eq!(a.load(Ordering::Acquire), 1);",
        "anything! { fence(Ordering::SeqCst) }",
        "use core::sync::atomic::Ordering::Acquire; a.load(Acquire);",
        "use core::sync::atomic::Ordering as O; a.load(O::Acquire);",
        "use core::sync::atomic::Ordering::*; a.load(Acquire);",
        "use core::sync::atomic::fence as f; f(SeqCst);",
        "let f = fence; f(order);",
        "fence(order);",
        "core::sync::atomic::compiler_fence(Ordering::SeqCst);",
        "a.load(Ordering::Sequential);",
        "move_word(Ordering::SeqCst);",
    ] {
        assert!(in_body(body).is_err(), "{body}");
    }
}

#[test]
fn a_refusal_says_where() {
    let refused = in_body("\n\nlet order = Ordering::Acquire;").unwrap_err();
    assert!(refused.starts_with("line 5: "), "{refused}");
    let refused = in_body("\nfence(order);").unwrap_err();
    assert!(refused.starts_with("line 4: "), "{refused}");
}

#[test]
fn the_places_are_bytes_of_the_text() {
    let text = "fn f(a: &AtomicU64) {\n    // \u{e9}\u{1f980}\n    a.load(Ordering::Acquire); fence(Ordering::SeqCst);\n}\n";
    let sites = find(text).unwrap();
    assert_eq!(&text[sites[0].ordering.clone().unwrap()], "Ordering::Acquire");
    assert_eq!(&text[sites[1].fence.clone().unwrap()], "fence(Ordering::SeqCst)");
}
