//! [`AsyncThrottle`] of [`Latest`]: a run is given the newest value.

use super::guard::OwnedRun;
use super::{AsyncThrottle, Runtime};
use crate::front::outcome::{NotFlushed, Outcome};
use crate::front::owner::ticket::Ticket;
use crate::front::payload::{Carried, Latest, Rejected};
use crate::time::Threshold;

#[cfg(feature = "tokio")]
impl<T: Send + 'static> AsyncThrottle<super::Tokio, Latest<T>> {
    /// A throttle on tokio whose calls bring a value: a run is given the newest one.
    ///
    /// ```
    /// use atomic_throttle::{AsyncThrottle, Carried};
    /// use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    /// use std::time::Duration;
    ///
    /// static DRAWN: AtomicU32 = AtomicU32::new(0);
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let draw = AsyncThrottle::latest(Duration::from_millis(10));
    /// let mut last = draw.trigger(1, async |newest: Carried<u32>| DRAWN.store(*newest, Relaxed))?;
    /// for frame in 2..=4 {
    ///     last = draw.trigger(frame, async |newest: Carried<u32>| DRAWN.store(*newest, Relaxed))?;
    /// }
    /// last.await?;
    /// assert_eq!(DRAWN.load(Relaxed), 4, "the last one is drawn, whichever call brought it");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn latest(threshold: impl Into<Threshold>) -> Self {
        Self::latest_with_runtime(threshold, super::Tokio::current())
    }
}

impl<R: Runtime, T: Send + 'static> AsyncThrottle<R, Latest<T>> {
    /// As `latest`, on any runtime: a throttle whose runs are given the newest value.
    #[must_use]
    pub fn latest_with_runtime(threshold: impl Into<Threshold>, runtime: R) -> Self {
        Self::carrying(threshold, runtime, Latest::new())
    }
}

impl<R: Runtime, T: Send + 'static> AsyncThrottle<R, Latest<T>> {
    /// As [`trigger`](AsyncThrottle#method.trigger) without a payload; the run is given the newest value that was brought,
    /// in a [`Carried`].
    ///
    /// A call that coalesces leaves its value in place of an older one, which is dropped here. If the run is cancelled or
    /// left owed, the value is kept, for the next run or for [`take`](Self::take).
    ///
    /// # Errors
    ///
    /// [`Rejected`], with the value, if no run is pending and there is no runtime to spawn on, and in a forked child. If the
    /// runtime goes away while the call is decided, the call was taken, and its run is owed: the ticket says so.
    ///
    /// # Panics
    ///
    /// If the clock does; nothing was recorded then. If the drop of a value that this one replaces does; this one is kept
    /// then, and its run has started, or is pending or owed.
    #[inline]
    pub fn trigger<F, Fut>(&self, value: T, f: F) -> Result<Ticket<'_>, Rejected<T>>
    where
        F: FnOnce(Carried<T>) -> Fut + Send + 'static,
        Fut: Future + Send + 'static,
    {
        self.bring(value, |run| {
            let newest = run.carry();
            async move { f(newest).await }
        })
    }

    /// As [`trigger`](Self::trigger), and waits for what becomes of `f`. For the rest see
    /// [`run`](AsyncThrottle#method.run) without a payload.
    ///
    /// # Errors
    ///
    /// As [`trigger`](Self::trigger).
    ///
    /// # Panics
    ///
    /// With the panic of `f`, or as [`trigger`](Self::trigger). The run was given its value, and no other is given that.
    ///
    /// # Cancel safety
    ///
    /// Nothing is decided before the first poll; to drop the future before drops the value. To drop it after that gives up
    /// the value that `f` returns, or its panic; `f` runs all the same.
    pub async fn run<Q, F, Fut>(&self, value: T, f: F) -> Result<Outcome<Q, Ticket<'_>>, Rejected<T>>
    where
        Q: Send + 'static,
        F: FnOnce(Carried<T>) -> Fut + Send + 'static,
        Fut: Future<Output = Q> + Send + 'static,
    {
        let f = |run: &mut OwnedRun<R, Latest<T>>| {
            let newest = run.carry();
            async move { f(newest).await }
        };
        self.bring_and_hear(value, f).await
    }

    /// Runs `f` now, in a task, if a run is pending or owed, even inside the window, with the newest value.
    ///
    /// # Errors
    ///
    /// [`NotFlushed`]: `f` does not run.
    ///
    /// # Panics
    ///
    /// If the clock does; nothing was recorded then.
    pub fn flush<F, Fut>(&self, f: F) -> Result<Ticket<'_>, NotFlushed>
    where
        F: FnOnce(Carried<T>) -> Fut + Send + 'static,
        Fut: Future + Send + 'static,
    {
        self.flush_given(|run| {
            let newest = run.carry();
            async move { f(newest).await }
        })
    }

    /// Takes the value that no run was given, and gives up the pending run, in one step. `None` if there is none.
    ///
    /// A value is left by a [`cancel`](AsyncThrottle::cancel), and by a task that was dropped. If nobody takes it, the next
    /// run is given it, unless a newer one replaces it.
    #[must_use = "the value is nowhere else"]
    pub fn take(&self) -> Option<T> {
        self.take_given()
    }
}
