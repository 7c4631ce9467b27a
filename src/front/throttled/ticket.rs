//! [`Ticket`]: the handle of one call.

use super::frame::Frame;
use crate::front::wait::WaitError;
use crate::state::Epoch;
use core::fmt;
use core::time::Duration;

/// A call that was taken: waits for the run that covers it.
///
/// Dropping it changes nothing: the call stays covered. It borrows the throttle, and costs nothing.
#[derive(Clone, Copy)]
pub struct Ticket<'t> {
    frame: &'t Frame,
    epoch: Epoch,
}

impl<'t> Ticket<'t> {
    #[inline]
    pub(super) fn new(frame: &'t Frame, epoch: Epoch) -> Self {
        Self { frame, epoch }
    }

    /// Waits until a run that started after the call has completed. What that run wrote is then visible.
    ///
    /// # Errors
    ///
    /// [`WaitError`] if the run will not come, cannot be waited for here, or has panicked and no later one
    /// has completed. Never `TimedOut`.
    pub fn wait(&self) -> Result<(), WaitError> {
        self.frame.wait_for_cover(self.epoch, None)
    }

    /// As [`wait`](Self::wait), at most for `limit` on the throttle's clock. May be called again.
    ///
    /// # Errors
    ///
    /// [`WaitError`], with [`TimedOut`](WaitError::TimedOut) when the limit has passed.
    pub fn wait_for(&self, limit: Duration) -> Result<(), WaitError> {
        self.frame.wait_for_cover(self.epoch, Some(self.frame.within(limit)))
    }

    /// The epoch that the call was made in: the first run with a greater one covers it.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }
}

impl fmt::Debug for Ticket<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}
