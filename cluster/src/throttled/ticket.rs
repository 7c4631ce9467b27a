//! [`Ticket`]: the handle of one call.

use super::WaitError;
use super::shared::Shared;
use crate::course::Taken;
use atomic_throttle::Epoch;
use core::fmt;
use core::time::Duration;

/// A call that was taken: it can wait for the run that covers the call.
///
/// Dropping it changes nothing: the call stays owed until it is covered.
#[derive(Clone, Copy)]
pub struct Ticket<'t> {
    shared: &'t Shared,
    taken: Taken,
}

impl<'t> Ticket<'t> {
    /// `pending_in` is the epoch of the local gate in which the call is pending.
    #[inline]
    pub(super) fn new(shared: &'t Shared, pending_in: Epoch) -> Self {
        Self { shared, taken: pending_in.as_u64() + 1 }
    }

    /// Whether a run that covers the call has finished, as far as this process has seen.
    #[must_use]
    pub fn is_covered(&self) -> bool {
        self.shared.is_covered(self.taken)
    }

    /// Waits, at most for `limit`, until a run that started after the call has finished, here or in another
    /// process. May be called again.
    ///
    /// A run that panicked has finished all the same; only its own process knows of the panic.
    ///
    /// # Errors
    ///
    /// [`WaitError`]. Unless it is `Ended`, the call stays owed.
    pub fn wait_for(&self, limit: Duration) -> Result<(), WaitError> {
        self.shared.wait_for(self.taken, limit)
    }
}

impl fmt::Debug for Ticket<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("is_covered", &self.is_covered()).finish_non_exhaustive()
    }
}
