//! What the driver needs to know of a `Gate`.

use super::op::{ALL, Op};
use crate::bytes::Byte;
use crate::subject::{Sequence, Subject};
use evidence::Guarantee::{self, G1, G2, G3, G4, G6, G8};
use reference::planted::Fault;
use reference::reached::Reached;

pub struct Gate;

impl Subject for Gate {
    type Fault = Fault;
    const TARGET: &'static str = "gate";
    const CLAIM: &'static str =
        "sequences of all operations of a Gate, guards dropped and unwound, against the model";
    const GUARANTEES: &'static [Guarantee] = &[G1, G2, G3, G4, G6, G8];
    const FAULTS: &'static [Fault] = &Fault::OF_A_STEP;

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

impl Sequence for Gate {
    /// A threshold.
    type Setup = u64;
    type Op = Op;
    const FRONT: &'static str = "Gate";
    const SETUP: &'static [Byte] = &[Byte::Threshold];
    const WIDTH: usize = 2;
    const LONGEST: usize = 250;
    const CASES: u32 = 4_096;
    const LEAST: usize = 1_001;
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
