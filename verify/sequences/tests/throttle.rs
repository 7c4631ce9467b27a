//! Sequences of all operations of a `Throttle`, with clocks that jump and thresholds that change, against
//! the reference model.

mod reference;

use evidence::Check;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, FailurePersistence, FileFailurePersistence, TestRunner};
use reference::planted::{Fault, contradicts};
use reference::reached::Reached;
use reference::throttle::{ALL, Op, check, check_with};
use std::cell::{Cell, RefCell};
use std::fs;
use watchdog as _;

/// Failures that were found earlier. Each is tried again first.
const REGRESSIONS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/proptest-regressions/throttle_sequences.txt");

type Sequence = (u64, Vec<(u8, u8)>);

fn sequences() -> impl Strategy<Value = Sequence> {
    (0_u64..24, vec((any::<u8>(), any::<u8>()), 0..=60))
}

fn operations(bytes: &[(u8, u8)]) -> impl Iterator<Item = Op> {
    bytes.iter().map(|&(kind, value)| Op::from_bytes(kind, value))
}

/// Runs what was persisted at `regressions`, then `cases` new ones.
fn runner(cases: u32, regressions: &'static str) -> TestRunner {
    let persistence = FileFailurePersistence::Direct(regressions);
    let failure_persistence: Option<Box<dyn FailurePersistence>> = Some(Box::new(persistence));
    // With a lost wake-up each sequence takes a minute: the patience of the driver.
    let shrinking = Config { max_shrink_iters: 2_000, max_shrink_time: 30_000, ..Config::default() };
    TestRunner::new(Config { cases, failure_persistence, ..shrinking })
}

#[test]
fn sequences_agree_with_the_model() {
    let claim = "proptest: sequences of all operations of a Throttle, threads that wait, against the model";
    let report = Check::of("G1 G2 G3 G4 G5 G6 G8 G9", claim);
    let reached = RefCell::new(Reached::default());
    let cases = evidence::depth(1_000, 20_000);
    runner(cases, REGRESSIONS)
        .run(&sequences(), |(threshold, bytes)| {
            reached.borrow_mut().add(&check(threshold, operations(&bytes)));
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
    let mut found = Fault::ALL.map(|_| 0);
    for _ in 0..tries {
        let (threshold, bytes) = sequences().new_tree(&mut runner).expect("a sequence").current();
        check(threshold, operations(&bytes));
        for (fault, found) in Fault::ALL.into_iter().zip(&mut found) {
            let is_found = contradicts(|| check_with(Some(fault), threshold, operations(&bytes)));
            *found += usize::from(is_found);
        }
    }
    for (fault, found) in Fault::ALL.into_iter().zip(found) {
        assert!(found > 0, "{fault:?} is not found in {tries} sequences");
        evidence::caught(fault.name(), &format!("proptest, Throttle: in {found} of {tries} sequences"));
    }
}

/// Whether what is persisted at `regressions` fails against a model with this fault, and how many
/// sequences were tried.
fn replay(regressions: &'static str, fault: Option<Fault>) -> (bool, usize) {
    let tried = Cell::new(0);
    let result = runner(0, regressions).run(&sequences(), |(threshold, bytes)| {
        tried.set(tried.get() + 1);
        let fails = contradicts(|| check_with(fault, threshold, operations(&bytes)));
        if fails { Err(TestCaseError::fail("it disagrees")) } else { Ok(()) }
    });
    (result.is_err(), tried.get())
}

#[test]
fn a_failure_is_persisted_and_tried_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("regressions.txt").to_str().expect("a path in UTF-8").to_owned();
    // It wants a path that lives for ever.
    let path: &'static str = path.leak();
    let fault = Some(Fault::OweForgotten);
    let failed = runner(300, path).run(&sequences(), |(threshold, bytes)| {
        let fails = contradicts(|| check_with(fault, threshold, operations(&bytes)));
        if fails { Err(TestCaseError::fail("it disagrees")) } else { Ok(()) }
    });
    assert!(failed.is_err(), "the fault is found");
    let written = fs::read_to_string(path).expect("the failure is written");
    assert_eq!(written.lines().filter(|line| line.starts_with("cc ")).count(), 1, "{written}");

    assert!(replay(path, fault).0, "it is tried again, and fails again");
    assert_eq!(replay(path, None), (false, 1), "the right model agrees");
}

#[test]
fn the_persisted_failures_are_tried_again() {
    let written = fs::read_to_string(REGRESSIONS).expect("the regressions are there");
    let persisted = written.lines().filter(|line| line.starts_with("cc ")).count();
    assert!(persisted > 0);
    assert_eq!(replay(REGRESSIONS, None), (false, persisted));
    // They were found against models with these faults, and still are what they were persisted for.
    for fault in [Fault::LimitForgotten, Fault::OpensEarly] {
        assert!(replay(REGRESSIONS, Some(fault)).0, "{fault:?}: persist a new case for it");
    }
}
