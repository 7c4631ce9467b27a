//! What the driver needs to know of a `Throttle`.

use super::ALL;
use super::op::Op;
use crate::bytes::Byte;
use crate::subject::{Sequence, Subject};
use evidence::Guarantee::{self, G1, G2, G3, G4, G5, G6, G8, G9};
use reference::planted::Fault;
use reference::reached::Reached;

pub struct Throttle;

impl Subject for Throttle {
    type Fault = Fault;
    const TARGET: &'static str = "throttle";
    const CLAIM: &'static str =
        "sequences of all operations of a Throttle, threads that wait, against the model";
    const GUARANTEES: &'static [Guarantee] = &[G1, G2, G3, G4, G5, G6, G8, G9];
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

impl Sequence for Throttle {
    /// A threshold.
    type Setup = u64;
    type Op = Op;
    const FRONT: &'static str = "Throttle";
    const SETUP: &'static [Byte] = &[Byte::Threshold];
    const WIDTH: usize = 2;
    const LONGEST: usize = 60;
    const CASES: u32 = 1_000;
    const LEAST: usize = 10;
    const TRIES: u32 = 300;

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
