//! What the driver needs to know of a `Keyed`.

use super::{ALL, Fault, Op, Setup};
use crate::bytes::Byte;
use crate::subject::{Sequence, Subject};
use evidence::Guarantee::{self, G1, G2, G6, G8};
use reference::reached::Reached;

pub struct Keyed;

impl Subject for Keyed {
    type Fault = Fault;
    const TARGET: &'static str = "keyed";
    const CLAIM: &'static str = "sequences of all operations of a Keyed, evictions, limits, a clock that jumps, against a model for each key";
    const GUARANTEES: &'static [Guarantee] = &[G1, G2, G6, G8];
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

impl Sequence for Keyed {
    type Setup = Setup;
    type Op = Op;
    const FRONT: &'static str = "Keyed";
    const SETUP: &'static [Byte] = &[Byte::Threshold, Byte::Any];
    const WIDTH: usize = 2;
    const LONGEST: usize = 200;
    const CASES: u32 = 4_096;
    const LEAST: usize = 501;
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
