//! Sequences of all operations of a `Batched`, with its thread, against a queue.

#[path = "fronts/batched.rs"]
mod batched;
mod reference;

use batched::{ALL, Op, Wrong, check, end};
use evidence::Check;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use reference::planted::contradicts;
use reference::reached::Reached;
use std::cell::RefCell;
use watchdog as _;

fn sequences() -> impl Strategy<Value = (u8, Vec<u8>)> {
    (any::<u8>(), vec(any::<u8>(), 0..=60))
}

fn operations(bytes: &[u8]) -> impl Iterator<Item = Op> {
    bytes.iter().map(|&byte| Op::from_byte(byte))
}

#[test]
fn batches_are_the_pushed_items_in_order() {
    let claim =
        "proptest: sequences of pushes, runs, cancels, flushes of a Batched: each item once, in order";
    let report = Check::of("G3 G5 G6", claim);
    let reached = RefCell::new(Reached::default());
    let cases = evidence::depth(1_000, 20_000);
    // With a lost wake-up each sequence takes a minute: the patience of the driver.
    let shrinking = Config { max_shrink_iters: 2_000, max_shrink_time: 30_000, ..Config::default() };
    TestRunner::new(Config { cases, failure_persistence: None, ..shrinking })
        .run(&sequences(), |(last, bytes)| {
            reached.borrow_mut().add(&check(None, end(last), operations(&bytes)));
            Ok(())
        })
        .expect("a sequence disagrees with the queue");

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
    for wrong in Wrong::ALL {
        let mut runner = TestRunner::deterministic();
        let contradicted = (0..tries).filter(|_| {
            let (last, bytes) = sequences().new_tree(&mut runner).expect("a sequence").current();
            contradicts(|| check(Some(wrong), end(last), operations(&bytes)))
        });
        let found = contradicted.count();
        assert!(found > 0, "{wrong:?} is not found in {tries} sequences");
        evidence::caught(wrong.name(), &format!("proptest, Batched: in {found} of {tries} sequences"));
    }
}
