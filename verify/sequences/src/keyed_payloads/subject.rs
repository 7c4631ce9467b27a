//! What the driver needs to know of a `KeyedThrottled` with a payload.

use super::op::{ALL, Op, Setup};
use super::wrong::Wrong;
use crate::bytes::Byte;
use crate::subject::{Sequence, Subject};
use evidence::Guarantee::{self, G1, G2, G3, G4, G5, G6, G8, G9, G10};
use reference::reached::Reached;

pub struct KeyedPayloads;

impl Subject for KeyedPayloads {
    type Fault = Wrong;
    const TARGET: &'static str = "keyed_payloads";
    const CLAIM: &'static str = "sequences of all operations of a KeyedThrottled with each payload, its task polled by hand and dropped, against a plain model for each key; paces, retries, thresholds for each key, tickets";
    const GUARANTEES: &'static [Guarantee] = &[G1, G2, G3, G4, G5, G6, G8, G9, G10];
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

impl Sequence for KeyedPayloads {
    type Setup = Setup;
    type Op = Op;
    const FRONT: &'static str = "KeyedThrottled with payloads";
    const SETUP: &'static [Byte] = &[Byte::Any, Byte::Threshold, Byte::Any, Byte::Any, Byte::Any];
    const WIDTH: usize = 3;
    const LONGEST: usize = 150;
    const CASES: u32 = 2_000;
    const LEAST: usize = 20;
    const TRIES: u32 = 200;

    fn setup(bytes: &[u8]) -> Setup {
        Setup::from_bytes(bytes)
    }

    fn operation(bytes: &[u8]) -> Op {
        let &[kind, key, value] = bytes else { panic!("three bytes: {bytes:?}") };
        Op::from_bytes(kind, key, value)
    }

    fn play(fault: Option<Wrong>, setup: Setup, operations: impl Iterator<Item = Op>) -> Reached {
        super::play(fault, setup, operations)
    }
}
