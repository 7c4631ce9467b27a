//! [`AsyncThrottle`] of [`Merge`]: a run is given all values, merged into one.

use super::guard::OwnedRun;
use super::{AsyncThrottle, Runtime};
use crate::front::outcome::{NotFlushed, Outcome};
use crate::front::owner::ticket::Ticket;
use crate::front::payload::{Carried, Merge, Rejected};
use crate::time::Threshold;

#[cfg(feature = "tokio")]
impl<T: Send + 'static> AsyncThrottle<super::Tokio, Merge<T>> {
    /// A throttle on tokio whose calls bring a value: `merge` adds it to those before it, and a run is given the result.
    ///
    /// ```
    /// use atomic_throttle::{AsyncThrottle, Carried, Merge, Tokio};
    /// use std::collections::BTreeSet;
    /// use std::time::Duration;
    ///
    /// type Paths = BTreeSet<&'static str>;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let rebuild: AsyncThrottle<Tokio, Merge<Paths>> =
    ///     AsyncThrottle::merging(Duration::from_millis(10), |all, more| all.extend(more));
    /// for path in ["a.rs", "b.rs", "a.rs"] {
    ///     let paths = Paths::from([path]);
    ///     rebuild.trigger(paths, async |changed: Carried<Paths>| println!("rebuilt for {changed:?}"))?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// `merge` captures nothing. Callers call it under a lock that other callers wait for, so it should be short.
    /// *It must not call this throttle, nor wait for anybody who does*: that hangs, except for `trigger` and `run`, which
    /// are refused with [`Reason::InsideMerge`](crate::Reason::InsideMerge). If it panics, the panic comes out of the call,
    /// which is not taken; the older value stays as `merge` left it, and if the call has started a run, that run is
    /// given it.
    #[must_use]
    pub fn merging(threshold: impl Into<Threshold>, merge: fn(&mut T, T)) -> Self {
        Self::merging_with_runtime(threshold, super::Tokio::current(), merge)
    }
}

impl<R: Runtime, T: Send + 'static> AsyncThrottle<R, Merge<T>> {
    /// As `merging`, on any runtime: a throttle whose runs are given all values, merged into one by `merge`.
    ///
    /// *`merge` must not call this throttle, nor wait for anybody who does*: that hangs, except for `trigger` and `run`,
    /// which are refused.
    #[must_use]
    pub fn merging_with_runtime(threshold: impl Into<Threshold>, runtime: R, merge: fn(&mut T, T)) -> Self {
        Self::carrying(threshold, runtime, Merge::new(merge))
    }
}

impl<R: Runtime, T: Send + 'static> AsyncThrottle<R, Merge<T>> {
    /// As [`trigger`](AsyncThrottle#method.trigger) without a payload; the run is given all values since the run before,
    /// merged into one, in a [`Carried`].
    ///
    /// If the run is cancelled or left owed, the value is kept, for the next run or for [`take`](Self::take).
    ///
    /// # Errors
    ///
    /// [`Rejected`], with the value, if no run is pending and there is no runtime to spawn on, inside of the function that
    /// merges, and in a forked child. If the runtime goes away while the call is decided, the call was taken, and its run is
    /// owed: the ticket says so.
    ///
    /// # Panics
    ///
    /// If the clock or the function that merges does.
    pub fn trigger<F, Fut>(&self, value: T, f: F) -> Result<Ticket<'_>, Rejected<T>>
    where
        F: FnOnce(Carried<T>) -> Fut + Send + 'static,
        Fut: Future + Send + 'static,
    {
        self.bring(value, |run| {
            let all = run.carry();
            async move { f(all).await }
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
    /// With the panic of `f`, or if the clock or the function that merges panics. A run whose `f` panics was given its
    /// value, and no other is given that.
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
        let f = |run: &mut OwnedRun<R, Merge<T>>| {
            let all = run.carry();
            async move { f(all).await }
        };
        self.bring_and_hear(value, f).await
    }

    /// Runs `f` now, in a task, if a run is pending or owed, even inside the window, with what was brought.
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
            let all = run.carry();
            async move { f(all).await }
        })
    }

    /// Takes what no run was given, and gives up the pending run, in one step. `None` if there is nothing.
    ///
    /// Something is left by a [`cancel`](AsyncThrottle::cancel), and by a task that was dropped. If nobody takes it, the next
    /// run is given it, with what comes until then.
    #[must_use = "the value is nowhere else"]
    pub fn take(&self) -> Option<T> {
        self.take_given()
    }
}
