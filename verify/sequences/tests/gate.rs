//! Sequences of all operations on a `Gate`, with clocks that jump and thresholds that change, against
//! the reference model.

mod reference;

use evidence::Check;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, FailurePersistence, FileFailurePersistence, TestRunner};
use reference::planted::{Fault, contradicts};
use reference::reached::Reached;
use reference::sequence::{ALL, Op, check, check_with};
use std::cell::RefCell;
use watchdog as _;

/// Failures that were found earlier. Each is tried again first.
const REGRESSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/proptest-regressions/sequences.txt");

fn sequences() -> impl Strategy<Value = (u64, Vec<(u8, u8)>)> {
    (0_u64..24, vec((any::<u8>(), any::<u8>()), 0..200))
}

fn operations(bytes: &[(u8, u8)]) -> impl Iterator<Item = Op> {
    bytes.iter().map(|&(kind, value)| Op::from_bytes(kind, value))
}

fn runner(cases: u32) -> TestRunner {
    let persistence: Box<dyn FailurePersistence> = Box::new(FileFailurePersistence::Direct(REGRESSIONS));
    TestRunner::new(Config { failure_persistence: Some(persistence), ..Config::with_cases(cases) })
}

#[test]
fn sequences_agree_with_the_model() {
    let claim =
        "proptest: sequences of all operations of a Gate, guards dropped and unwound, against the model";
    let report = Check::of("G1 G2 G3 G4 G6 G8", claim);
    let reached = RefCell::new(Reached::default());
    let cases = evidence::depth(4_096, 81_920);
    let mut runner = runner(cases);
    runner
        .run(&sequences(), |(threshold, bytes)| {
            reached.borrow_mut().add(&check(threshold, operations(&bytes)));
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
    for fault in Fault::OF_A_STEP {
        let mut runner = TestRunner::deterministic();
        let mut found = 0;
        for _ in 0..tries {
            let (threshold, bytes) = sequences().new_tree(&mut runner).expect("a sequence").current();
            let is_found = contradicts(|| check_with(Some(fault), threshold, operations(&bytes)));
            found += usize::from(is_found);
        }
        assert!(found > 0, "{fault:?} is not found in {tries} sequences");
        evidence::caught(fault.name(), &format!("proptest, Gate: in {found} of {tries} sequences"));
    }
}
