//! [`Seen`]: the furthest cell that a process has seen in a register, and since when.

use crate::cell::Cell;
use crate::register::Reading;
use atomic_throttle::{Epoch, Timestamp};
use core::time::Duration;

/// A run whose start is ahead of the register's clock by more than this was not stamped by a clock that is
/// right: that clock was set back since, or the cell is damaged.
const FAR: Duration = Duration::from_secs(60 * 60);

/// Whether the run of this epoch starts in the far future, by a clock that reads `now`.
pub(super) fn is_far_ahead(epoch: Epoch, now: Timestamp) -> bool {
    epoch.started_at().saturating_since(now) > FAR
}

/// What a process remembers about a register. While one process remembers, a register that forgets, or whose
/// clock goes back, does no harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Seen {
    cell: Cell,
    /// On the clock of this process, and not before the run of that epoch started. So it is read after the
    /// register has answered.
    since: Timestamp,
}

impl Seen {
    pub(super) fn nothing(local: Timestamp) -> Self {
        Self { cell: Cell::NEW, since: local }
    }

    /// Forgets a run of the far future if the register has forgotten it. Otherwise every process would put it
    /// back for ever, even after a person has removed it. Returns whether it did.
    pub(super) fn forget_the_future(&mut self, reading: Reading, local: Timestamp) -> bool {
        let is_far_ahead = |cell: Cell| is_far_ahead(cell.epoch(), reading.now);
        let forgets = is_far_ahead(self.cell) && !is_far_ahead(reading.cell);
        if forgets {
            *self = Self { cell: reading.cell, since: local };
        }
        forgets
    }

    /// Takes in `reading`. Returns the cell as it must be understood, and the [time](Self::time).
    pub(super) fn take_in(&mut self, reading: Reading, local: Timestamp) -> (Cell, Timestamp) {
        self.note(reading.cell.join(self.cell), local);
        (self.cell, self.time(reading.now, local))
    }

    /// The time, given that the clock of the register reads `now`.
    ///
    /// The time is what the register says, but at least the start of the latest run plus the time that has
    /// passed here since that run was first seen. That never counts more time than has passed since the
    /// start, so no run comes early because of it. And if the clock of the register goes back, runs do not
    /// wait for it to catch up.
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
