//! New sequences, made at random.

use super::regressions;
use evidence::Check;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestCaseResult, TestError, TestRunner};
use reference::planted::contradicts;
use reference::reached::Reached;
use sequences::{Byte, Sequence};
use std::cell::RefCell;

/// Inputs as a fuzzer makes them.
fn inputs<S: Sequence>() -> impl Strategy<Value = Vec<u8>> {
    let setup = S::SETUP.iter().map(|byte| match byte {
        Byte::Threshold => (0..Byte::SHORT).boxed(),
        Byte::Any => any::<u8>().boxed(),
    });
    let operation = vec![any::<u8>(); S::WIDTH];
    (setup.collect::<Vec<_>>(), vec(operation, 0..=S::LONGEST))
        .prop_map(|(setup, operations)| [setup, operations.concat()].concat())
}

/// An input that fails, as small as it gets in some time, and why.
#[derive(Debug)]
pub struct Failure {
    pub input: Vec<u8>,
    pub why: String,
}

/// Plays so many inputs, or up to the first that fails.
pub fn look_for<S: Sequence>(cases: u32, play: impl Fn(&[u8]) -> TestCaseResult) -> Result<(), Failure> {
    // With a lost wake-up each sequence takes a minute: the patience of the driver.
    let shrinks = if evidence::shallow() { 0 } else { 2_000 };
    let shrinking = Config { max_shrink_iters: shrinks, max_shrink_time: 30_000, ..Config::default() };
    let config = Config { cases, failure_persistence: None, ..shrinking };
    match TestRunner::new(config).run(&inputs::<S>(), |input| play(&input)) {
        Ok(()) => Ok(()),
        Err(TestError::Fail(why, input)) => Err(Failure { input, why: why.to_string() }),
        Err(TestError::Abort(why)) => panic!("no sequences were made: {why}"),
    }
}

pub fn sequences_agree_with_the_model<S: Sequence>() {
    let check = Check::of(S::GUARANTEES, format!("proptest: {}", S::CLAIM));
    let reached = RefCell::new(Reached::default());
    let cases = evidence::cases(S::CASES);
    let agreed = look_for::<S>(cases, |input| {
        reached.borrow_mut().add(&S::check(None, input));
        Ok(())
    });
    if let Err(Failure { input, why }) = agreed {
        let file = regressions::file::<S>();
        regressions::keep(&file, &input);
        let (setup, operations) = S::read(&input).expect("a whole set-up");
        let operations: Vec<_> = operations.collect();
        panic!("{why}\n{setup:?}, {operations:?}\nkept in {}, to be tried again", file.display());
    }

    // The generator reaches what the property is about.
    let reached = reached.into_inner();
    println!("{reached:?}");
    for what in S::reached() {
        assert!(reached.of(what) >= S::LEAST || evidence::shallow(), "{what}: {reached:?}");
    }
    check.passed(cases as usize, "sequences");
}

/// The comparison bites: the shipped code contradicts each wrong model.
pub fn wrong_models_are_contradicted<S: Sequence>() {
    let mut runner = TestRunner::deterministic();
    let mut found = vec![0; S::FAULTS.len()];
    for _ in 0..S::TRIES {
        let input = inputs::<S>().new_tree(&mut runner).expect("an input").current();
        S::check(None, &input);
        for (&fault, found) in S::FAULTS.iter().zip(&mut found) {
            *found += usize::from(contradicts(|| S::check(Some(fault), &input)));
        }
    }
    for (&fault, found) in S::FAULTS.iter().zip(found) {
        assert!(found > 0, "{fault:?} is not found in {} sequences", S::TRIES);
        let how = format!("proptest, {}: in {found} of {} sequences", S::FRONT, S::TRIES);
        evidence::caught(S::name(fault), &how);
    }
}
