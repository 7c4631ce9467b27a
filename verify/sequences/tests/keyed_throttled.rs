//! Sequences of all operations on a `KeyedThrottled`, with its thread, a clock that jumps back and forth,
//! thresholds that change and evictions at any point, against a reference model for each key.

#![cfg(feature = "keyed")]

mod keyed_throttled_model;
mod reference;

use evidence::Check;
use keyed_throttled_model::{ALL, Fault, Op, check, check_with};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use reference::planted::contradicts;
use reference::reached::Reached;
use std::cell::RefCell;
use watchdog as _;

fn sequences() -> impl Strategy<Value = (u64, Vec<(u8, u8)>)> {
    (0_u64..24, vec((any::<u8>(), any::<u8>()), 0..120))
}

fn operations(bytes: &[(u8, u8)]) -> impl Iterator<Item = Op> {
    bytes.iter().map(|&(kind, value)| Op::from_bytes(kind, value))
}

#[test]
fn sequences_agree_with_a_model_for_each_key() {
    let claim = "proptest: sequences of all operations of a KeyedThrottled, with its thread, against a model \
                 for each key; counts";
    let report = Check::of("G1 G2 G3 G4 G5 G6 G8", claim);
    let reached = RefCell::new(Reached::default());
    let cases = evidence::depth(1_000, 20_000);
    let shrinking = Config { max_shrink_iters: 2_000, max_shrink_time: 30_000, ..Config::with_cases(cases) };
    TestRunner::new(Config { failure_persistence: None, ..shrinking })
        .run(&sequences(), |(threshold, bytes)| {
            reached.borrow_mut().add(&check(threshold, operations(&bytes)));
            Ok(())
        })
        .expect("a sequence disagrees with the models");

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
    let tries = 100;
    for fault in Fault::ALL {
        let mut runner = TestRunner::deterministic();
        let mut found = 0;
        for _ in 0..tries {
            let (threshold, bytes) = sequences().new_tree(&mut runner).expect("a sequence").current();
            found += usize::from(contradicts(|| check_with(Some(fault), threshold, operations(&bytes))));
        }
        assert!(found > 0, "{fault:?} is not found in {tries} sequences");
        evidence::caught(fault.name(), &format!("proptest, KeyedThrottled: in {found} of {tries} sequences"));
    }
}
