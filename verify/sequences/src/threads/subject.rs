//! What the driver needs to know of the threads.

use super::step::{ALL, Step};
use crate::bytes::Byte;
use crate::subject::{Sequence, Subject};
use evidence::Guarantee::{self, G1, G2, G3, G4, G6, G8};
use reference::planted::Fault;
use reference::reached::Reached;

pub struct Threads;

impl Subject for Threads {
    type Fault = Fault;
    const TARGET: &'static str = "threads";
    const CLAIM: &'static str = "threads that take turns on a Gate";
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

impl Sequence for Threads {
    /// A threshold, and how many threads there are.
    type Setup = (u64, usize);
    type Op = Step;
    const FRONT: &'static str = "threads on a Gate";
    const SETUP: &'static [Byte] = &[Byte::Threshold, Byte::Any];
    const WIDTH: usize = 3;
    const LONGEST: usize = 200;
    const CASES: u32 = 4_096;
    const LEAST: usize = 1_001;
    const TRIES: u32 = 200;

    fn setup(bytes: &[u8]) -> (u64, usize) {
        (u64::from(bytes[0]), 3 + usize::from(bytes[1] % 4))
    }

    fn operation(bytes: &[u8]) -> Step {
        Step::from_bytes(bytes[0], bytes[1], bytes[2])
    }

    fn play(
        fault: Option<Fault>,
        (threshold, count): (u64, usize),
        operations: impl Iterator<Item = Step>,
    ) -> Reached {
        super::play(fault, threshold, count, operations)
    }
}
