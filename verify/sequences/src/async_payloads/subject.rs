//! What the driver needs to know of an `AsyncThrottle` with a payload.

use super::op::{ALL, Op};
use super::wrong::Wrong;
use crate::bytes::Byte;
use crate::payloads::op::Kind;
use crate::subject::{Sequence, Subject};
use crate::throttle_payloads::op::kind_of;
use evidence::Guarantee::{self, G3, G5, G6, G9, G10};
use reference::reached::Reached;

pub struct AsyncPayloads;

impl Subject for AsyncPayloads {
    type Fault = Wrong;
    const TARGET: &'static str = "async_payloads";
    const CLAIM: &'static str = "sequences of all operations of an AsyncThrottle with each payload, tasks polled one by one and dropped: each value once, in order";
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

impl Sequence for AsyncPayloads {
    type Setup = (Kind, u64);
    type Op = Op;
    const FRONT: &'static str = "AsyncThrottle";
    const SETUP: &'static [Byte] = &[Byte::Any, Byte::Threshold];
    const WIDTH: usize = 2;
    const LONGEST: usize = 200;
    const CASES: u32 = 4_000;
    const LEAST: usize = 100;
    const TRIES: u32 = 400;

    fn setup(bytes: &[u8]) -> (Kind, u64) {
        (kind_of(bytes[0]), u64::from(bytes[1] % Byte::SHORT))
    }

    fn operation(bytes: &[u8]) -> Op {
        Op::from_bytes(bytes[0], bytes[1])
    }

    fn play(
        fault: Option<Wrong>,
        (kind, threshold): (Kind, u64),
        operations: impl Iterator<Item = Op>,
    ) -> Reached {
        super::play(fault, kind, threshold, operations)
    }
}
