//! Sequences of all operations of a `Throttled`, with clocks that jump, runs that are held up and runs
//! that panic, against the reference model.

mod reference;

use evidence::Check;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, FailurePersistence, FileFailurePersistence, TestRunner};
use reference::planted::{Fault, contradicts};
use reference::reached::Reached;
use reference::throttled::{ALL, Op, Setup, check, check_with};
use std::cell::RefCell;
use watchdog as _;

/// Failures that were found earlier. Each is tried again first.
const REGRESSIONS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/proptest-regressions/throttled_sequences.txt");

type Sequence = ((u8, u8), Vec<(u8, u8)>);

fn sequences() -> impl Strategy<Value = Sequence> {
    ((0_u8..24, any::<u8>()), vec((any::<u8>(), any::<u8>()), 0..=60))
}

fn operations(bytes: &[(u8, u8)]) -> impl Iterator<Item = Op> {
    bytes.iter().map(|&(kind, value)| Op::from_bytes(kind, value))
}

fn runner(cases: u32) -> TestRunner {
    let persistence = FileFailurePersistence::Direct(REGRESSIONS);
    let failure_persistence: Option<Box<dyn FailurePersistence>> = Some(Box::new(persistence));
    // With a lost wake-up each sequence takes a minute: the patience of the driver.
    let shrinking = Config { max_shrink_iters: 2_000, max_shrink_time: 30_000, ..Config::default() };
    TestRunner::new(Config { cases, failure_persistence, ..shrinking })
}

#[test]
fn sequences_agree_with_the_model() {
    let claim = "proptest: sequences of all operations of a Throttled, with its thread, against the model";
    let report = Check::of("G1 G2 G3 G4 G5 G6 G8 G9", claim);
    let reached = RefCell::new(Reached::default());
    let cases = evidence::depth(1_000, 20_000);
    runner(cases)
        .run(&sequences(), |((threshold, setup), bytes)| {
            reached.borrow_mut().add(&check(Setup::from_bytes(threshold, setup), operations(&bytes)));
            Ok(())
        })
        .expect("a sequence disagrees with the model");

    // The generator reaches what the property is about.
    let reached = reached.into_inner();
    println!("{reached:?}");
    for what in ALL {
        assert!(reached.of(what) >= 10, "{what}: {reached:?}");
    }
    report.passed(cases as usize, "sequences");
}

/// The comparison bites: the shipped code contradicts each wrong model.
#[test]
fn wrong_models_are_contradicted() {
    let tries = 300;
    let mut runner = TestRunner::deterministic();
    let mut found = Fault::OF_A_BACKGROUND.map(|_| 0);
    for _ in 0..tries {
        let ((threshold, setup), bytes) = sequences().new_tree(&mut runner).expect("a sequence").current();
        let setup = Setup::from_bytes(threshold, setup);
        check(setup, operations(&bytes));
        for (fault, found) in Fault::OF_A_BACKGROUND.into_iter().zip(&mut found) {
            let is_found = contradicts(|| check_with(Some(fault), setup, operations(&bytes)));
            *found += usize::from(is_found);
        }
    }
    for (fault, found) in Fault::OF_A_BACKGROUND.into_iter().zip(found) {
        assert!(found > 0, "{fault:?} is not found in {tries} sequences");
        evidence::caught(fault.name(), &format!("proptest, Throttled: in {found} of {tries} sequences"));
    }
}
