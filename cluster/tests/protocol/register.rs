//! [`Shelf`]: the register that all processes share: one cell, one mark, one clock, and a replica.

use atomic_throttle::Timestamp;
use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::register::Mark;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shelf {
    pub held: Held,
    pub replica: Held,
    /// The reading of the clock at the true time 0.
    pub origin: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Held {
    pub cell: Cell,
    pub mark: Mark,
    /// The origin of the run that wrote this epoch; for the judge alone.
    pub origin: Origin,
}

/// When a run was started, in true time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Origin {
    /// When the reading was made by which the start was decided.
    pub read_at: u64,
    pub started_at: u64,
}

impl Shelf {
    pub fn new() -> Self {
        let held = Held { cell: Cell::NEW, mark: Mark::NOBODY, origin: Origin::default() };
        Self { held, replica: held, origin: 60 }
    }

    pub fn clock(&self, time: u64) -> Timestamp {
        Timestamp::from_nanos(self.origin + time)
    }

    /// Compares and swaps. Returns whether it was done.
    pub fn swap(&mut self, old: Cell, new: Cell, mark: Mark, origin: Origin) -> bool {
        if self.held.cell != old {
            return false;
        }
        if new.epoch() != old.epoch() {
            self.held = Held { cell: new, mark, origin };
        }
        self.held.cell = new;
        true
    }
}
