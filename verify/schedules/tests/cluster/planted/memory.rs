//! A register with faults in its swap.

use crate::fault::{Fault, planted};
use atomic_throttle_cluster::cell::Cell;
use atomic_throttle_cluster::register::{Mark, Memory, Reading, Register, RegisterError, Swap};

#[derive(Debug)]
pub struct Faulty(Memory);

impl Faulty {
    pub fn new() -> Self {
        Self(Memory::new())
    }
}

impl Register for Faulty {
    fn read(&self) -> Result<Reading, RegisterError> {
        self.0.read()
    }

    fn compare_and_swap(&self, old: Cell, new: Cell, mark: Mark) -> Result<Swap, RegisterError> {
        match planted() {
            Fault::SwapsBlindly => self.0.compare_and_swap(self.0.read()?.cell, new, mark),
            Fault::SaysDone => Ok(Swap::Done(self.0.read()?.now)),
            _ => self.0.compare_and_swap(old, new, mark),
        }
    }
}
