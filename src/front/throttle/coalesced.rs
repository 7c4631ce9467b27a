//! [`Coalesced`]: the handle of a coalesced call.

use super::core::Core;
use crate::clock::{Clock, Monotonic};
use crate::front::wait::{Cover, WaitError, look_for_cover};
use crate::state::Epoch;
use core::fmt;
use core::pin::Pin;
use core::time::Duration;
use std::boxed::Box;

/// The handle of a coalesced call of a [`Throttle`](crate::Throttle): waits for the run that covers it, in a thread or in a
/// task.
///
/// ```
/// use atomic_throttle::{Outcome, Throttle};
/// use std::thread;
/// use std::time::Duration;
///
/// static SYNC: Throttle = Throttle::new(Duration::from_millis(5));
///
/// thread::scope(|scope| {
///     for _ in 0..4 {
///         scope.spawn(|| match SYNC.run(|| println!("synced")) {
///             Outcome::Coalesced(handle) => handle.wait().unwrap(),
///             outcome => assert!(outcome.ran()),
///         });
///     }
/// });
/// ```
///
/// It is less than a [`Ticket`](crate::Ticket): a `Throttle` lies in a `static`, with its clock in its type, and keeps no
/// record of how its runs ended. So this cannot be owned, other than as `Coalesced<'static>`, and reports no failure.
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
        if let Some(result) = self.look_before_wait() {
            return result;
        }
        let waiting = self.core.waiting();
        let limit = limit.map(|limit| waiting.clock.now().saturating_add(limit));
        waiting.for_cover(&self.core.gate, self.epoch, limit)
    }

    /// How a wait would end at once, if it would.
    fn look_before_wait(&self) -> Option<Result<(), WaitError>> {
        if let Some(result) = look_for_cover(&self.core.gate, self.epoch) {
            return Some(result);
        }
        if self.core.is_inside_run() {
            return Some(Err(WaitError::InsideRun));
        }
        if self.core.finish_lost_run().is_some_and(|lost| lost > self.epoch) {
            return Some(Err(WaitError::Forked));
        }
        self.core.abandon_lost_deferral();
        None
    }
}

/// Waits in a task, as [`Coalesced::wait`] does in a thread. For a limit use the runtime's own timeout.
///
/// Cancel safety: dropping the future changes nothing.
impl<'t, C: Clock + Sync> IntoFuture for Coalesced<'t, C> {
    type Output = Result<(), WaitError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 't>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            if let Some(result) = self.look_before_wait() {
                return result;
            }
            let mut cover = Cover::new(self.epoch);
            let look = || match cover.look(&self.core.gate) {
                None if self.core.is_inside_run() => Some(Err(WaitError::InsideRun)),
                looked => looked,
            };
            self.core.waiting().notified_until(look).await
        })
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
