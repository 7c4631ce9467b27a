//! What became of a call, and the handle to wait by.

use super::Runtime;
use super::shared::{After, Shared};
use crate::front::wait::WaitError;
use crate::state::Epoch;
use core::fmt;
use core::time::Duration;

/// What became of a call of [`AsyncThrottle::run`](crate::AsyncThrottle::run).
///
/// ```
/// # #[cfg(feature = "tokio")] {
/// use atomic_throttle::AsyncThrottle;
/// use atomic_throttle::asynchronous::Outcome;
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let reload = AsyncThrottle::new(Duration::from_millis(20));
/// match reload.run(async || "reloaded").await? {
///     Outcome::RanAtOnce(value) | Outcome::RanDeferred(value) => assert_eq!(value, "reloaded"),
///     Outcome::Coalesced(covered_by_a_later_run) => covered_by_a_later_run.wait().await?,
///     Outcome::Cancelled | Outcome::Owed => {}
/// }
/// # Ok(())
/// # }
/// # main().unwrap();
/// # }
/// ```
#[must_use = "`Cancelled` and `Owed` say that no run is coming"]
pub enum Outcome<'t, T, R> {
    /// The function ran at once (leading edge) and returned this.
    RanAtOnce(T),
    /// The function ran when the window was over (trailing edge) and returned this.
    RanDeferred(T),
    /// A run that starts after the call covers it, unless it is cancelled or left owed. The ticket waits for
    /// it, and tells.
    Coalesced(Ticket<'t, R>),
    /// The function did not run: somebody cancelled the deferral.
    Cancelled,
    /// The function did not run to its end: the runtime dropped its task. The throttle owes a run to the
    /// next call.
    Owed,
}

impl<T, R> Outcome<'_, T, R> {
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

// By hand, because it asks nothing of the runtime.
impl<T: fmt::Debug, R> fmt::Debug for Outcome<'_, T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RanAtOnce(value) => f.debug_tuple("RanAtOnce").field(value).finish(),
            Self::RanDeferred(value) => f.debug_tuple("RanDeferred").field(value).finish(),
            Self::Coalesced(ticket) => f.debug_tuple("Coalesced").field(ticket).finish(),
            Self::Cancelled => f.write_str("Cancelled"),
            Self::Owed => f.write_str("Owed"),
        }
    }
}

/// The handle of a call: waits for the run that covers it.
///
/// Dropping it changes nothing: the call stays covered.
pub struct Ticket<'t, R> {
    shared: &'t Shared<R>,
    after: After,
}

impl<'t, R> Ticket<'t, R> {
    #[inline]
    pub(super) fn new(shared: &'t Shared<R>, after: After) -> Self {
        Self { shared, after }
    }
}

impl<R: Runtime> Ticket<'_, R> {
    /// Waits until a run that covers the call has completed. What that run wrote is then visible.
    ///
    /// A later run than the first one covers the call, too: it may be that one that is seen.
    ///
    /// # Errors
    ///
    /// [`WaitError`] if the run will not come, or cannot be waited for here; [`WaitError::Panicked`] if it
    /// panicked; [`WaitError::Owed`] if its task was dropped, before the run or in the middle of it. Never
    /// `TimedOut`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future changes nothing: the call stays covered, and may be waited for again.
    pub async fn wait(&self) -> Result<(), WaitError> {
        self.shared.wait_for_cover(self.after, None).await
    }

    /// As [`wait`](Self::wait), at most for `limit` on the runtime's clock.
    ///
    /// # Errors
    ///
    /// [`WaitError`], with [`TimedOut`](WaitError::TimedOut) when the limit has passed.
    ///
    /// # Cancel safety
    ///
    /// As [`wait`](Self::wait).
    pub async fn wait_for(&self, limit: Duration) -> Result<(), WaitError> {
        self.shared.wait_for_cover(self.after, Some(limit)).await
    }

    /// How that wait would end at once, if it would.
    pub(super) fn look(&self) -> Option<Result<(), WaitError>> {
        self.shared.look_for_cover(self.after)
    }
}

impl<R> Ticket<'_, R> {
    /// The first run with a greater epoch than this one covers the call. It need not be the epoch of a run: if
    /// the call started its run at once, it is one less than the epoch of that run.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.after.epoch()
    }
}

impl<R> Clone for Ticket<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Ticket<'_, R> {}

impl<R> fmt::Debug for Ticket<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("after", &self.after).finish_non_exhaustive()
    }
}
