//! What the driver needs to know of a `KeyedThrottled`.

use super::ALL;
use super::op::{Fault, Op};
use crate::bytes::Byte;
use crate::subject::{Sequence, Subject};
use evidence::Guarantee::{self, G1, G2, G3, G4, G5, G6, G8};
use reference::reached::Reached;

pub struct KeyedThrottled;

impl Subject for KeyedThrottled {
    type Fault = Fault;
    const TARGET: &'static str = "keyed_throttled";
    const CLAIM: &'static str = "sequences of all operations of a KeyedThrottled, with its thread, against a model for each key; counts";
    const GUARANTEES: &'static [Guarantee] = &[G1, G2, G3, G4, G5, G6, G8];
    const FAULTS: &'static [Fault] = &Fault::ALL;

    fn name(fault: Fault) -> &'static str {
        fault.name()
    }

    fn reached() -> Vec<&'static str> {
        ALL.to_vec()
    }

    fn check(fault: Option<Fault>, input: &[u8]) -> Reached {
        Self::check_sequence(fault, input)
    }
}

impl Sequence for KeyedThrottled {
    /// A threshold.
    type Setup = u64;
    type Op = Op;
    const FRONT: &'static str = "KeyedThrottled";
    const SETUP: &'static [Byte] = &[Byte::Threshold];
    const WIDTH: usize = 2;
    const LONGEST: usize = 120;
    const CASES: u32 = 1_000;
    const LEAST: usize = 10;
    const TRIES: u32 = 200;

    fn setup(bytes: &[u8]) -> u64 {
        u64::from(bytes[0])
    }

    fn operation(bytes: &[u8]) -> Op {
        Op::from_bytes(bytes[0], bytes[1])
    }

    fn play(fault: Option<Fault>, threshold: u64, operations: impl Iterator<Item = Op>) -> Reached {
        super::play(fault, threshold, operations)
    }
}
