//! What became of a call, and the handle of a coalesced one.

use super::core::Core;
use crate::clock::{Clock, Monotonic};
use crate::front::wait::{WaitError, look_for_cover};
use crate::state::Epoch;
use core::fmt;
use core::time::Duration;

/// What became of a call of [`Throttle::run`](crate::Throttle::run) or [`Throttle::run_within`](crate::Throttle::run_within).
#[must_use = "`Cancelled` and `Owed` say that no run is coming"]
pub enum Outcome<'t, T, C = Monotonic> {
    /// The function ran at once (leading edge) and returned this.
    RanAtOnce(T),
    /// The function ran when the window was over (trailing edge) and returned this.
    RanDeferred(T),
    /// The function did not run: a run that starts after the call covers it, unless it is cancelled or
    /// its owner leaves it owed. The handle waits for it, and tells. What the call brought is given to that run.
    Coalesced(Coalesced<'t, C>),
    /// The function did not run: the call owned the deferral, and somebody cancelled it.
    Cancelled,
    /// The function did not run, and the throttle owes a run to the next call: this one could not wait
    /// for it, being inside a run or at its limit.
    Owed,
}

impl<T, C> Outcome<'_, T, C> {
    /// The value that the function returned, if it ran.
    pub fn into_value(self) -> Option<T> {
        match self {
            Self::RanAtOnce(value) | Self::RanDeferred(value) => Some(value),
            Self::Coalesced(_) | Self::Cancelled | Self::Owed => None,
        }
    }

    /// Whether the function ran.
    pub fn ran(&self) -> bool {
        matches!(self, Self::RanAtOnce(_) | Self::RanDeferred(_))
    }
}

// By hand, because it asks nothing of the clock.
impl<T: fmt::Debug, C> fmt::Debug for Outcome<'_, T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RanAtOnce(value) => f.debug_tuple("RanAtOnce").field(value).finish(),
            Self::RanDeferred(value) => f.debug_tuple("RanDeferred").field(value).finish(),
            Self::Coalesced(handle) => handle.fmt(f),
            Self::Cancelled => f.write_str("Cancelled"),
            Self::Owed => f.write_str("Owed"),
        }
    }
}

/// The handle of a coalesced call: waits for the run that covers it.
///
/// Dropping it changes nothing: the call stays covered.
pub struct Coalesced<'t, C = Monotonic> {
    core: &'t Core<C>,
    epoch: Epoch,
}

impl<'t, C> Coalesced<'t, C> {
    #[inline]
    pub(super) fn new(core: &'t Core<C>, epoch: Epoch) -> Self {
        Self { core, epoch }
    }
}

impl<C: Clock> Coalesced<'_, C> {
    /// Waits until the run that covers the call has finished. What that run wrote is then visible.
    ///
    /// A run that panicked has finished, too: if you need to know of its success, let it leave word.
    ///
    /// The run that is waited for is the first one seen after the call. If the covering run has finished
    /// before the first look, and a later one is in progress then, this waits for the later one.
    ///
    /// # Errors
    ///
    /// [`WaitError`] if the run will not come, or cannot be waited for here. Never `TimedOut`.
    pub fn wait(&self) -> Result<(), WaitError> {
        self.wait_until(None)
    }

    /// As [`wait`](Self::wait), at most for `limit` on the throttle's clock. May be called again.
    ///
    /// # Errors
    ///
    /// [`WaitError`], with [`TimedOut`](WaitError::TimedOut) when the limit has passed.
    pub fn wait_for(&self, limit: Duration) -> Result<(), WaitError> {
        self.wait_until(Some(limit))
    }

    fn wait_until(&self, limit: Option<Duration>) -> Result<(), WaitError> {
        let waiting = self.core.waiting();
        if self.core.is_inside_run() {
            return look_for_cover(&self.core.gate, self.epoch).unwrap_or(Err(WaitError::InsideRun));
        }
        if let Some(result) = look_for_cover(&self.core.gate, self.epoch) {
            return result;
        }
        if self.core.finish_lost_run().is_some_and(|lost| lost > self.epoch) {
            return Err(WaitError::Forked);
        }
        self.core.abandon_lost_deferral();
        let limit = limit.map(|limit| waiting.clock.now().saturating_add(limit));
        waiting.for_cover(&self.core.gate, self.epoch, limit)
    }
}

impl<C> Coalesced<'_, C> {
    /// The epoch that the call was coalesced in: the first run with a greater one covers it.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }
}

impl<C> Clone for Coalesced<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Coalesced<'_, C> {}

impl<C> fmt::Debug for Coalesced<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coalesced").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

/// Why a flush ran nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotFlushed {
    /// A run is in progress. What is pending starts when it has finished and the window is over.
    Running,
    /// No run is pending or owed.
    NothingPending,
    /// The background thread that would perform it has ended, or is about to, or is in the parent of this forked
    /// child.
    Ended,
    /// There is no runtime here to run on (`AsyncThrottle` alone). Nothing was recorded.
    NoRuntime,
}

impl fmt::Display for NotFlushed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Running => "a run is in progress: flush when it has finished",
            Self::Ended => "the throttle has ended: start another one",
            Self::NothingPending => "no run is pending or owed: nothing to flush",
            Self::NoRuntime => "there is no runtime here: flush from inside of one",
        })
    }
}

impl core::error::Error for NotFlushed {}
