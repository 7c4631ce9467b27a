//! What the driver needs to know of a `Throttled`.

use super::ALL;
use super::op::{Op, Setup};
use crate::bytes::Byte;
use crate::subject::{Sequence, Subject};
use evidence::Guarantee::{self, G1, G2, G3, G4, G5, G6, G8, G9};
use reference::planted::Fault;
use reference::reached::Reached;

pub struct Throttled;

impl Subject for Throttled {
    type Fault = Fault;
    const TARGET: &'static str = "throttled";
    const CLAIM: &'static str =
        "sequences of all operations of a Throttled, with its thread, against the model";
    const GUARANTEES: &'static [Guarantee] = &[G1, G2, G3, G4, G5, G6, G8, G9];
    const FAULTS: &'static [Fault] = &Fault::OF_A_BACKGROUND;

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

impl Sequence for Throttled {
    type Setup = Setup;
    type Op = Op;
    const FRONT: &'static str = "Throttled";
    const SETUP: &'static [Byte] = &[Byte::Threshold, Byte::Any];
    const WIDTH: usize = 2;
    const LONGEST: usize = 60;
    const CASES: u32 = 1_000;
    const LEAST: usize = 10;
    const TRIES: u32 = 300;

    fn setup(bytes: &[u8]) -> Setup {
        Setup::from_bytes(bytes[0], bytes[1])
    }

    fn operation(bytes: &[u8]) -> Op {
        Op::from_bytes(bytes[0], bytes[1])
    }

    fn play(fault: Option<Fault>, setup: Setup, operations: impl Iterator<Item = Op>) -> Reached {
        super::play(fault, setup, operations)
    }
}
