//! The handle of one call.

use super::Throttled;
use crate::front::wait::WaitError;
use crate::state::Epoch;
use core::fmt;
use core::time::Duration;

/// A call that was taken: waits for the run that covers it.
///
/// Dropping it changes nothing: the call stays covered.
#[derive(Clone, Copy)]
pub struct Triggered<'t> {
    throttled: &'t Throttled,
    epoch: Epoch,
}

impl<'t> Triggered<'t> {
    #[inline]
    pub(super) fn new(throttled: &'t Throttled, epoch: Epoch) -> Self {
        Self { throttled, epoch }
    }

    /// Waits until a run that started after the call has completed. What that run wrote is then visible.
    ///
    /// # Errors
    ///
    /// [`WaitError`] if the run will not come, cannot be waited for here, or has panicked and no later one
    /// has completed. Never `TimedOut`.
    pub fn wait(&self) -> Result<(), WaitError> {
        self.throttled.shared.wait_for_cover(self.epoch, None)
    }

    /// As [`wait`](Self::wait), at most for `limit` on the throttle's clock. May be called again.
    ///
    /// # Errors
    ///
    /// [`WaitError`], with [`TimedOut`](WaitError::TimedOut) when the limit has passed.
    pub fn wait_for(&self, limit: Duration) -> Result<(), WaitError> {
        let shared = &self.throttled.shared;
        shared.wait_for_cover(self.epoch, Some(shared.within(limit)))
    }

    /// The epoch that the call was made in: the first run with a greater one covers it.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }
}

impl fmt::Debug for Triggered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Triggered").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}
