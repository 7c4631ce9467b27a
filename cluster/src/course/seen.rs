//! [`Seen`]: the furthest cell that a process has seen in a register, and for how long it has seen that.

use crate::cell::Cell;
use crate::register::Reading;
use atomic_throttle::Timestamp;

/// What a process remembers of a register, so that a register that forgets, or whose clock goes back, does no
/// harm while one process remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Seen {
    cell: Cell,
    /// On the clock of this process: not before the run of that epoch started. So it is read after the register
    /// has answered.
    since: Timestamp,
}

impl Seen {
    pub(super) fn nothing(local: Timestamp) -> Self {
        Self { cell: Cell::NEW, since: local }
    }

    /// Takes in `reading`, and returns the cell as it is to be understood, and the [time](Self::time).
    pub(super) fn take_in(&mut self, reading: Reading, local: Timestamp) -> (Cell, Timestamp) {
        self.note(reading.cell.join(self.cell), local);
        (self.cell, self.time(reading.now, local))
    }

    /// What time it is where the clock of the register reads `now`.
    ///
    /// The time is what the register says, but at least the start of the latest run and what has passed here
    /// since it was seen first. That is never more than what has passed since that start, so no run comes
    /// early by it; and where the clock of the register goes back, runs do not wait for it to catch up.
    pub(super) fn time(self, now: Timestamp, local: Timestamp) -> Timestamp {
        let passed = local.saturating_since(self.since);
        now.max(self.cell.epoch().started_at().saturating_add(passed))
    }

    /// Notes a cell that this process has put there.
    pub(super) fn note(&mut self, cell: Cell, local: Timestamp) {
        if cell.epoch() != self.cell.epoch() {
            self.since = local;
        }
        self.cell = cell;
    }

    pub(super) fn cell(self) -> Cell {
        self.cell
    }
}
