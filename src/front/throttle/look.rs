//! What one can look at.

use super::Throttle;
use crate::front::snapshot::Snapshot;
use crate::state::{Epoch, State};
use crate::time::{Threshold, Timestamp};

impl<C, P> Throttle<C, P> {
    /// The clock that its timestamps are readings of.
    pub fn clock(&self) -> &C {
        &self.core.clock
    }

    /// Whether a run is pending: some owner waits to perform it.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.core.gate.state().is_pending()
    }

    /// Whether a run is owed: its owner left, and the next call adopts it.
    #[must_use]
    pub fn is_owed(&self) -> bool {
        self.core.gate.state().is_owed()
    }

    /// Whether a run is in progress.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.core.gate.state().is_running()
    }

    /// When the pending run is due, on the throttle's clock: the end of the window. `None` if no run is
    /// pending; [`Timestamp::NEVER`] if the clock cannot reach the end of the window.
    #[must_use]
    pub fn next_run_at(&self) -> Option<Timestamp> {
        let state = self.core.gate.state();
        state.is_pending().then(|| state.window_end(self.core.gate.threshold()))
    }

    /// The stamp of the latest run, `None` before the first. Inside a run it is the stamp of that run.
    #[must_use]
    pub fn last_run_at(&self) -> Option<Timestamp> {
        let epoch = self.core.gate.state().epoch();
        (epoch != Epoch::NEVER_RAN).then(|| epoch.started_at())
    }

    /// The whole state at this moment, as a value with a readable `Debug`.
    #[must_use]
    pub fn state(&self) -> State {
        self.core.gate.state()
    }

    /// A snapshot of the state, for a person to read.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(self.state(), self.threshold())
    }

    /// The shortest time between the starts of two runs.
    #[must_use]
    pub fn threshold(&self) -> Threshold {
        self.core.gate.threshold()
    }
}
