//! What the driver needs to know of an `AsyncThrottle`.

use super::op::{ALL, Op, Wrong};
use crate::bytes::Byte;
use crate::subject::{Sequence, Subject};
use evidence::Guarantee::{self, G1, G2, G3, G4, G5, G6, G8, G9};
use reference::reached::Reached;

pub struct Asynchronous;

impl Subject for Asynchronous {
    type Fault = Wrong;
    const TARGET: &'static str = "asynchronous";
    const CLAIM: &'static str = "sequences of all operations of an AsyncThrottle, tasks and callers polled one by one and dropped, against the model";
    const GUARANTEES: &'static [Guarantee] = &[G1, G2, G3, G4, G5, G6, G8, G9];
    const FAULTS: &'static [Wrong] = &Wrong::ALL;

    fn name(fault: Wrong) -> &'static str {
        fault.name()
    }

    fn reached() -> Vec<&'static str> {
        ALL.to_vec()
    }

    fn check(fault: Option<Wrong>, input: &[u8]) -> Reached {
        Self::check_sequence(fault, input)
    }
}

impl Sequence for Asynchronous {
    /// A threshold.
    type Setup = u64;
    type Op = Op;
    const FRONT: &'static str = "AsyncThrottle";
    const SETUP: &'static [Byte] = &[Byte::Threshold];
    const WIDTH: usize = 2;
    const LONGEST: usize = 200;
    const CASES: u32 = 4_000;
    const LEAST: usize = 1_001;
    const TRIES: u32 = 200;

    fn setup(bytes: &[u8]) -> u64 {
        u64::from(bytes[0])
    }

    fn operation(bytes: &[u8]) -> Op {
        Op::from_bytes(bytes[0], bytes[1])
    }

    fn play(fault: Option<Wrong>, threshold: u64, operations: impl Iterator<Item = Op>) -> Reached {
        super::play(fault, threshold, operations)
    }
}
