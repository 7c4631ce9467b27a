//! What the driver needs to know of a `Throttle` with a payload.

use super::op::{ALL, Op, kind_of};
use super::wrong::Wrong;
use crate::bytes::Byte;
use crate::payloads::op::Kind;
use crate::subject::{Sequence, Subject};
use evidence::Guarantee::{self, G3, G5, G6, G9, G10};
use reference::reached::Reached;

pub struct ThrottlePayloads;

impl Subject for ThrottlePayloads {
    type Fault = Wrong;
    const TARGET: &'static str = "throttle_payloads";
    const CLAIM: &'static str =
        "sequences of all operations of a Throttle with each payload: each value once, in order";
    const GUARANTEES: &'static [Guarantee] = &[G3, G5, G6, G9, G10];
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

impl Sequence for ThrottlePayloads {
    type Setup = Kind;
    type Op = Op;
    const FRONT: &'static str = "Throttle";
    const SETUP: &'static [Byte] = &[Byte::Any];
    const WIDTH: usize = 2;
    const LONGEST: usize = 60;
    const CASES: u32 = 2_000;
    const LEAST: usize = 10;
    const TRIES: u32 = 300;

    fn setup(bytes: &[u8]) -> Kind {
        kind_of(bytes[0])
    }

    fn operation(bytes: &[u8]) -> Op {
        Op::from_bytes(bytes[0], bytes[1])
    }

    fn play(fault: Option<Wrong>, kind: Kind, operations: impl Iterator<Item = Op>) -> Reached {
        super::play(fault, kind, operations)
    }
}
