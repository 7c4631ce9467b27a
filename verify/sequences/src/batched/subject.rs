//! What the driver needs to know of a `Batched`.

use super::{ALL, Op, Wrong, end};
use crate::bytes::Byte;
use crate::subject::{Sequence, Subject};
use atomic_throttle::Pending;
use evidence::Guarantee::{self, G3, G5, G6};
use reference::reached::Reached;

pub struct Batched;

impl Subject for Batched {
    type Fault = Wrong;
    const TARGET: &'static str = "batched";
    const CLAIM: &'static str =
        "sequences of pushes, runs, cancels, flushes of a Batched: each item once, in order";
    const GUARANTEES: &'static [Guarantee] = &[G3, G5, G6];
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

impl Sequence for Batched {
    /// How the end treats what is pending.
    type Setup = Pending;
    type Op = Op;
    const FRONT: &'static str = "Batched";
    const SETUP: &'static [Byte] = &[Byte::Any];
    const WIDTH: usize = 1;
    const LONGEST: usize = 60;
    const CASES: u32 = 1_000;
    const LEAST: usize = 10;
    const TRIES: u32 = 100;

    fn setup(bytes: &[u8]) -> Pending {
        end(bytes[0])
    }

    fn operation(bytes: &[u8]) -> Op {
        Op::from_byte(bytes[0])
    }

    fn play(fault: Option<Wrong>, end: Pending, operations: impl Iterator<Item = Op>) -> Reached {
        super::play(fault, end, operations)
    }
}
