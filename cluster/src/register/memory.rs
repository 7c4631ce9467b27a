//! [`Memory`]: a register in the memory of one process.

use super::{Mark, Reading, Register, RegisterError, Swap};
use crate::cell::Cell;
use crate::sync::{self, Mutex};
use core::fmt;

/// A register in the memory of this process, on the monotonic clock. No other process reaches it: it is for
/// one process, and for tests.
///
/// ```
/// use atomic_throttle_cluster::ClusterThrottled;
/// use atomic_throttle_cluster::register::Memory;
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// let memory = Arc::new(Memory::new());
/// let save = ClusterThrottled::builder(Duration::from_millis(1))
///     .register(memory)
///     .spawn(|_| println!("saved"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It needs nothing and never fails. Several front ends of the process become one throttle when they share it
/// in an [`Arc`](std::sync::Arc).
#[derive(Default)]
pub struct Memory {
    held: Mutex<(Cell, Option<Mark>)>,
}

impl Memory {
    /// A register that nobody has used yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn step<T>(&self, step: impl FnOnce(&mut (Cell, Option<Mark>)) -> T) -> T {
        step(&mut sync::lock(&self.held))
    }
}

impl Register for Memory {
    fn read(&self) -> Result<Reading, RegisterError> {
        Ok(self.step(|&mut (cell, mark)| Reading { cell, now: sync::now(), mark }))
    }

    fn compare_and_swap(&self, old: Cell, new: Cell, mark: Mark) -> Result<Swap, RegisterError> {
        Ok(self.step(|held| {
            let now = sync::now();
            if held.0 != old {
                return Swap::Differs(Reading { cell: held.0, now, mark: held.1 });
            }
            if new.epoch() != old.epoch() {
                held.1 = Some(mark);
            }
            held.0 = new;
            Swap::Done(now)
        }))
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("cell", &self.step(|held| held.0)).finish()
    }
}
