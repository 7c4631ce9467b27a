//! What a driver needs to know of the code that it drives.

use crate::bytes::Byte;
use evidence::Guarantee;
use reference::reached::Reached;
use std::fmt::Debug;

/// Shipped code beside a model of it, both driven by bytes.
pub trait Subject {
    /// A fault to be planted in the model.
    type Fault: Copy + Debug + 'static;

    /// The name of its fuzz target, of its corpus, of its test program and of its regressions.
    const TARGET: &'static str;

    /// What a check of it shows, of any input.
    const CLAIM: &'static str;

    /// The guarantees that the claim speaks of.
    const GUARANTEES: &'static [Guarantee];

    /// The faults that some input must find.
    const FAULTS: &'static [Self::Fault];

    /// The least number of inputs in its corpus.
    const INPUTS: usize = 50;

    /// The fault in words.
    fn name(fault: Self::Fault) -> &'static str;

    /// All that an input can reach.
    fn reached() -> Vec<&'static str>;

    /// Plays an input on the shipped code and on the model, and says what it reached. An input that is too short
    /// reaches nothing.
    ///
    /// # Panics
    ///
    /// If the two differ, or a guarantee breaks.
    fn check(fault: Option<Self::Fault>, input: &[u8]) -> Reached;
}

/// A subject whose inputs are sequences of operations.
pub trait Sequence: Subject {
    type Setup: Debug;
    type Op: Debug;

    /// The name of the front end.
    const FRONT: &'static str;

    /// The bytes of the set-up, with which an input begins.
    const SETUP: &'static [Byte];

    /// How many bytes follow for each operation.
    const WIDTH: usize;

    /// The most operations that are played. A fuzzer would make sequences as long as it can.
    const LONGEST: usize;

    /// How many sequences a property test plays.
    const CASES: u32;

    /// How often these sequences together must reach each of the things that one can reach, at the least.
    const LEAST: usize;

    /// How many sequences look for each planted fault.
    const TRIES: u32;

    /// The set-up of these bytes, any as many as [`SETUP`](Self::SETUP) has.
    fn setup(bytes: &[u8]) -> Self::Setup;

    /// The operation of these bytes, any [`WIDTH`](Self::WIDTH) of them.
    fn operation(bytes: &[u8]) -> Self::Op;

    /// Plays the operations on the shipped code and on the model.
    ///
    /// # Panics
    ///
    /// If the two differ, or a guarantee breaks.
    fn play(
        fault: Option<Self::Fault>,
        setup: Self::Setup,
        operations: impl Iterator<Item = Self::Op>,
    ) -> Reached;

    /// The set-up and the operations of an input; `None` if it is too short.
    fn read(input: &[u8]) -> Option<(Self::Setup, impl Iterator<Item = Self::Op>)> {
        let (setup, operations) = input.split_at_checked(Self::SETUP.len())?;
        let operations = operations.chunks_exact(Self::WIDTH).take(Self::LONGEST);
        Some((Self::setup(setup), operations.map(Self::operation)))
    }

    /// [`Subject::check`] of a sequence.
    ///
    /// # Panics
    ///
    /// As [`play`](Self::play) does.
    fn check_sequence(fault: Option<Self::Fault>, input: &[u8]) -> Reached {
        let Some((setup, operations)) = Self::read(input) else { return Reached::default() };
        Self::play(fault, setup, operations)
    }
}
