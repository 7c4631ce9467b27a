//! What the driver needs to know of a `Throttled` with a payload.

use super::op::{ALL, Op, Setup};
use super::wrong::Wrong;
use crate::bytes::Byte;
use crate::subject::{Sequence, Subject};
use evidence::Guarantee::{self, G3, G5, G6, G10};
use reference::reached::Reached;

pub struct Payloads;

impl Subject for Payloads {
    type Fault = Wrong;
    const TARGET: &'static str = "payloads";
    const CLAIM: &'static str = "sequences of all operations of a Throttled with each payload, with runs that fail: each value once, in order";
    const GUARANTEES: &'static [Guarantee] = &[G3, G5, G6, G10];
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

impl Sequence for Payloads {
    type Setup = Setup;
    type Op = Op;
    const FRONT: &'static str = "Throttled";
    const SETUP: &'static [Byte] = &[Byte::Any, Byte::Any];
    const WIDTH: usize = 1;
    const LONGEST: usize = 60;
    const CASES: u32 = 2_000;
    const LEAST: usize = 10;
    const TRIES: u32 = 400;

    fn setup(bytes: &[u8]) -> Setup {
        Setup::from_bytes(bytes[0], bytes[1])
    }

    fn operation(bytes: &[u8]) -> Op {
        Op::from_byte(bytes[0])
    }

    fn play(fault: Option<Wrong>, setup: Setup, operations: impl Iterator<Item = Op>) -> Reached {
        super::play(fault, setup, operations)
    }
}
