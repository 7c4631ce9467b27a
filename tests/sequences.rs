//! Sequences of all operations on a `Gate`, with clocks that jump and thresholds that change, against
//! the reference model.

mod reference;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use reference::sequence::{Op, Reached, check};
use std::cell::Cell;

#[test]
fn sequences_agree_with_the_model() {
    let reached = Cell::new(Reached::default());
    let cases = 4096;
    let mut runner = TestRunner::new(Config { source_file: Some(file!()), ..Config::with_cases(cases) });
    let sequences = (0_u64..24, vec((any::<u8>(), any::<u8>()), 0..200));
    runner
        .run(&sequences, |(threshold, bytes)| {
            let operations = bytes.into_iter().map(|(kind, value)| Op::from_bytes(kind, value));
            let mut total = reached.get();
            total.add(check(threshold, operations));
            reached.set(total);
            Ok(())
        })
        .expect("a sequence disagrees with the model");

    // The generator reaches what the property is about.
    let reached = reached.get();
    println!("{cases} sequences: {reached:?}");
    assert!(reached.operations > 100_000);
    for count in [reached.runs, reached.deferred, reached.coalesced, reached.taken_over] {
        assert!(count > 1_000, "{reached:?}");
    }
    for count in [reached.owed, reached.cancelled] {
        assert!(count > 100, "{reached:?}");
    }
}
