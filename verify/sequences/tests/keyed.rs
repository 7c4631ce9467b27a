//! Sequences of all operations on a `Keyed`, with a clock that jumps back and forth, thresholds that change,
//! eviction at any point and a limit of keys, against a reference model that forgets no key.

#![cfg(feature = "keyed")]

#[path = "fronts/keyed.rs"]
mod keyed;
mod reference;

use evidence::Check;
use keyed::{ALL, Fault, Op, Setup, check, check_with};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use reference::planted::contradicts;
use reference::reached::Reached;
use std::cell::RefCell;
use watchdog as _;

fn sequences() -> impl Strategy<Value = (Setup, Vec<(u8, u8)>)> {
    let setup = (0_u8..24, any::<u8>()).prop_map(|(threshold, setup)| Setup::from_bytes(threshold, setup));
    (setup, vec((any::<u8>(), any::<u8>()), 0..200))
}

fn operations(bytes: &[(u8, u8)]) -> impl Iterator<Item = Op> {
    bytes.iter().map(|&(kind, value)| Op::from_bytes(kind, value))
}

#[test]
fn sequences_agree_with_a_model_for_each_key() {
    let claim = "proptest: sequences of all operations of a Keyed, evictions, limits, a clock that jumps, \
                 against a model for each key";
    let report = Check::of("G1 G2 G6 G8", claim);
    let reached = RefCell::new(Reached::default());
    let cases = evidence::depth(4_096, 81_920);
    TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(cases) })
        .run(&sequences(), |(setup, bytes)| {
            reached.borrow_mut().add(&check(setup, operations(&bytes)));
            Ok(())
        })
        .expect("a sequence disagrees with the models");

    // The generator reaches what the property is about.
    let reached = reached.into_inner();
    println!("{reached:?}");
    for what in ALL {
        assert!(reached.of(what) > 500, "{what}: {reached:?}");
    }
    report.passed(cases as usize, "sequences");
}

/// The comparison bites: the shipped code contradicts each wrong model.
#[test]
fn wrong_models_are_contradicted() {
    let tries = 300;
    for fault in Fault::ALL {
        let mut runner = TestRunner::deterministic();
        let mut found = 0;
        for _ in 0..tries {
            let (setup, bytes) = sequences().new_tree(&mut runner).expect("a sequence").current();
            found += usize::from(contradicts(|| check_with(Some(fault), setup, operations(&bytes))));
        }
        assert!(found > 0, "{fault:?} is not found in {tries} sequences");
        evidence::caught(fault.name(), &format!("proptest, Keyed: in {found} of {tries} sequences"));
    }
}
