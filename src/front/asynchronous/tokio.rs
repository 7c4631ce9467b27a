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
/// ```
/// use atomic_throttle::{Throttled, Tokio};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let save = Throttled::builder(Duration::from_millis(10))
///     .spawn_on(Tokio::current(), async || println!("saved"))?;
/// save.trigger()?.await?;
/// # Ok(())
/// # }
/// ```
///
/// It can be built anywhere, before there is a runtime as well. The runtime must have its time enabled
/// (`enable_time`), as `#[tokio::main]` does.
///
/// Tokio's timer counts in milliseconds and rounds up, so a deferred run starts more than a millisecond late.
/// With `precise` (feature `precise`) it is some tens of microseconds.
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
    #[cfg(feature = "precise")]
    is_precise: bool,
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
        Self::new(None, Instant::now())
    }

    /// Spawns on this runtime, from whatever thread. Once it has shut down, every run is left owed.
    #[must_use]
    pub fn on(handle: Handle) -> Self {
        let origin = inside(Some(&handle), Instant::now);
        Self::new(Some(handle), origin)
    }

    fn new(handle: Option<Handle>, origin: Instant) -> Self {
        Self {
            handle,
            origin,
            #[cfg(feature = "precise")]
            is_precise: false,
        }
    }

    /// Starts deferred runs some tens of microseconds late, and not more than a millisecond. Waits with a
    /// limit end as precisely.
    ///
    /// ```
    /// use atomic_throttle::{AsyncThrottle, Tokio};
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let window = Duration::from_micros(16_667);
    /// let frames = AsyncThrottle::with_runtime(window, Tokio::current().precise());
    /// frames.trigger(async || println!("drawn at once"))?;
    /// frames.trigger(async || println!("drawn when the window is over"))?;
    /// frames.all().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A sleep uses tokio's timer until 3 ms before its deadline. For the rest it also uses the timer of the
    /// crate `async-io`. Nothing spins.
    ///
    /// While tokio's clock is paused, and after it was, a sleep uses tokio's timer alone: time is exact, as
    /// without `precise`.
    ///
    /// # Cost
    ///
    /// One thread for the whole process, "async-io", which all users of that crate share. The first sleep
    /// starts it, and it never ends. A deferred run wakes it twice, and its own task once more. A sleep that
    /// is dropped more than 3 ms before its deadline costs nothing later, and one in its last 3 ms costs one
    /// wake-up of the thread.
    ///
    /// # What it is not
    ///
    /// It is as precise as the timers of the system: on Linux, the BSDs and Apple's systems. On Windows both
    /// timers count in larger steps. A task starts when a thread of the runtime gets to it, so a busy runtime
    /// starts it late. A leading run needs no timer, and does not change. In a forked child of a process that
    /// has the thread, sleeps are as late as without `precise`.
    ///
    /// # Panics
    ///
    /// Never. A sleep panics if the system has no thread or no file descriptor for the timer. Then the run is
    /// left owed, as for [every runtime](Runtime#panics).
    #[cfg(feature = "precise")]
    #[must_use]
    pub fn precise(mut self) -> Self {
        self.is_precise = true;
        self
    }

    fn instant(&self, at: Timestamp) -> Instant {
        let since = at.saturating_since(FIRST);
        self.origin.checked_add(since).unwrap_or_else(|| Instant::now() + DAY)
    }
}

/// Calls `f` where it finds the timer and the clock of that runtime.
pub(super) fn inside<T>(handle: Option<&Handle>, f: impl FnOnce() -> T) -> T {
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
        #[cfg(feature = "precise")]
        let is_precise = self.is_precise;
        async move {
            #[cfg(feature = "precise")]
            if is_precise {
                return super::precise::sleep(handle, deadline).await;
            }
            inside(handle.as_ref(), || sleep_until(deadline)).await;
        }
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
