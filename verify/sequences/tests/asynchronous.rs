//! Sequences of all operations of an `AsyncThrottle` against the reference model.

use super::play::{ALL, Op, Wrong, check};
use super::reference::planted::contradicts;
use super::reference::reached::Reached;
use evidence::Check;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::cell::RefCell;

fn sequences() -> impl Strategy<Value = (u64, Vec<(u8, u8)>)> {
    (0_u64..24, vec((any::<u8>(), any::<u8>()), 0..200))
}

fn operations(bytes: &[(u8, u8)]) -> impl Iterator<Item = Op> {
    bytes.iter().map(|&(kind, value)| Op::from_bytes(kind, value))
}

#[test]
fn sequences_agree_with_the_model() {
    let claim = "proptest: sequences of all operations of an AsyncThrottle, tasks and callers polled one by one \
                 and dropped, against the model";
    let report = Check::of("G1 G2 G3 G4 G5 G6 G8 G9", claim);
    let reached = RefCell::new(Reached::default());
    let cases = evidence::depth(4_000, 80_000);
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config)
        .run(&sequences(), |(threshold, bytes)| {
            reached.borrow_mut().add(&check(None, threshold, operations(&bytes)));
            Ok(())
        })
        .expect("a sequence disagrees with the model");

    // The generator reaches what the property is about.
    let reached = reached.into_inner();
    println!("{reached:?}");
    for what in ALL {
        assert!(reached.of(what) > 1_000, "{what}: {reached:?}");
    }
    report.passed(cases as usize, "sequences");
}

/// The comparison bites: the shipped code contradicts each wrong model.
#[test]
fn wrong_models_are_contradicted() {
    let tries = 200;
    for wrong in Wrong::ALL {
        let mut runner = TestRunner::deterministic();
        let contradicted = (0..tries).filter(|_| {
            let (threshold, bytes) = sequences().new_tree(&mut runner).expect("a sequence").current();
            contradicts(|| check(Some(wrong), threshold, operations(&bytes)))
        });
        let found = contradicted.count();
        assert!(found > 0, "{wrong:?} is not found in {tries} sequences");
        evidence::caught(wrong.name(), &format!("proptest, AsyncThrottle: in {found} of {tries} sequences"));
    }
}
