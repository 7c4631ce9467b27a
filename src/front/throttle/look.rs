//! What one can look at.

use super::Throttle;
use crate::front::snapshot::Snapshot;
use crate::time::Threshold;

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

    /// All that there is to see at this moment.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(self.core.gate.state(), self.threshold())
    }

    /// The shortest time between the starts of two runs.
    #[must_use]
    pub fn threshold(&self) -> Threshold {
        self.core.gate.threshold()
    }
}
