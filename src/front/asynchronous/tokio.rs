//! [`Tokio`]: the runtime for tokio.

use super::{NoRuntime, Runtime};
use crate::clock::Clock;
use crate::time::Timestamp;
use core::time::Duration;
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep_until};

/// Runs the tasks of an [`AsyncThrottle`](super::AsyncThrottle) on tokio, by tokio's own clock: with the
/// clock paused (`start_paused`) time is exact, and no test waits.
///
/// It can be built anywhere, before there is a runtime as well. The runtime must have its time enabled
/// (`enable_time`), as `#[tokio::main]` does.
///
/// Tokio's timer counts in milliseconds and rounds up, so a deferred run starts up to a millisecond late.
///
/// # Panics
///
/// A wait with a limit, polled outside of every runtime, panics as tokio's `sleep` does, unless the
/// runtime was [named](Self::on).
#[derive(Clone, Debug)]
pub struct Tokio {
    /// `None`: the runtime that the call is made in.
    handle: Option<Handle>,
    /// When the clock read [`FIRST`].
    origin: Instant,
}

/// Before it a clock could not go back. The word takes 0 for *never ran*, so it must not be 0.
const FIRST: Timestamp = Timestamp::from_nanos(1_000_000_000);

/// An end of the platform's clock that no sleep needs to reach: a task that slept too short asks again.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Tokio {
    /// Spawns on the runtime that the caller is in. Outside of one a call that is not coalesced is
    /// refused ([`NoRuntime`]).
    #[must_use]
    pub fn current() -> Self {
        Self { handle: None, origin: Instant::now() }
    }

    /// Spawns on this runtime, from whatever thread. Once it has shut down, every run is left owed.
    #[must_use]
    pub fn on(handle: Handle) -> Self {
        let origin = inside(Some(&handle), Instant::now);
        Self { handle: Some(handle), origin }
    }

    fn instant(&self, at: Timestamp) -> Instant {
        let since = at.saturating_since(FIRST);
        self.origin.checked_add(since).unwrap_or_else(|| Instant::now() + DAY)
    }
}

/// Calls `f` where it finds the timer and the clock of that runtime.
fn inside<T>(handle: Option<&Handle>, f: impl FnOnce() -> T) -> T {
    let _entered = handle.map(Handle::enter);
    f()
}

impl Default for Tokio {
    fn default() -> Self {
        Self::current()
    }
}

impl Clock for Tokio {
    fn now(&self) -> Timestamp {
        let now = inside(self.handle.as_ref(), Instant::now);
        FIRST.saturating_add(now.saturating_duration_since(self.origin))
    }
}

impl Runtime for Tokio {
    fn sleep_until(&self, deadline: Timestamp) -> impl Future<Output = ()> + Send + 'static {
        let (handle, deadline) = (self.handle.clone(), self.instant(deadline));
        async move { inside(handle.as_ref(), || sleep_until(deadline)).await }
    }

    fn ready(&self) -> Result<(), NoRuntime> {
        match self.handle {
            Some(_) => Ok(()),
            None => Handle::try_current().map(drop).map_err(|_| NoRuntime),
        }
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Result<(), NoRuntime> {
        match &self.handle {
            Some(handle) => drop(handle.spawn(task)),
            None => drop(Handle::try_current().map_err(|_| NoRuntime)?.spawn(task)),
        }
        Ok(())
    }
}
