//! [`Throttle`] of [`Collect`]: a run is given all values.

use super::{Coalesced, Throttle};
use crate::clock::{Clock, Monotonic};
use crate::front::outcome::{NotFlushed, Outcome};
use crate::front::payload::sealed::Payload as _;
use crate::front::payload::{Batch, Collect, Rejected};
use crate::sync::const_unless_loom;
use core::time::Duration;
use std::vec::Vec;

impl<T> Throttle<Monotonic, Collect<T>> {
    const_unless_loom! {
        /// A throttle whose calls bring a value: a run is given all of them, in a [`Batch`].
        ///
        /// ```
        /// use atomic_throttle::{Collect, Monotonic, Throttle};
        /// use std::time::Duration;
        ///
        /// static LOG: Throttle<Monotonic, Collect<String>> =
        ///     Throttle::collecting(Duration::from_millis(10)).capacity(10_000);
        ///
        /// std::thread::scope(|scope| {
        ///     for thread in 0..4 {
        ///         let line = format!("thread {thread} has begun");
        ///         scope.spawn(|| LOG.run(line, |lines| println!("one write of {} lines", lines.len())).is_ok());
        ///     }
        /// });
        /// assert!(LOG.take().is_empty());
        /// ```
        ///
        /// Without a [`capacity`](Throttle::capacity) it holds whatever is brought within a window.
        #[must_use]
        pub const fn collecting(threshold: Duration) -> Self {
            Self::collecting_with_clock(threshold, Monotonic)
        }
    }
}

impl<C, T> Throttle<C, Collect<T>> {
    const_unless_loom! {
        /// As [`collecting`](Throttle::collecting), on any clock.
        #[must_use]
        pub const fn collecting_with_clock(threshold: Duration, clock: C) -> Self {
            Self::carrying(threshold, clock, Collect::new(usize::MAX))
        }
    }

    const_unless_loom! {
        /// Keeps at most `values` values for one run: a call that finds so many and does not run at once is refused, and
        /// has its value back. 0 counts as 1.
        #[must_use]
        pub const fn capacity(mut self, values: usize) -> Self {
            self.payload.set_capacity(values);
            self
        }
    }
}

impl<C: Clock, T: Send + 'static> Throttle<C, Collect<T>> {
    /// As [`run`](Throttle#method.run) without a payload; the run is given all values since the run before, and those
    /// that a run has left.
    ///
    /// If the outcome is [`Cancelled`](Outcome::Cancelled) or [`Owed`](Outcome::Owed), the value is kept, for the next run
    /// or for [`take`](Self::take).
    ///
    /// What `f` has not taken out of the batch when it panics comes first in the next one, and so does what it
    /// [keeps](Batch::keep_rest). A run for that is *owed*, unless one is pending.
    ///
    /// # Errors
    ///
    /// [`Rejected`], with the value: where the [capacity](Self::capacity) is reached, and in a forked child. Nothing was
    /// recorded.
    ///
    /// # Panics
    ///
    /// If `f` or the clock panics.
    #[inline]
    pub fn run<R>(
        &self,
        value: T,
        f: impl FnOnce(&mut Batch<T>) -> R,
    ) -> Result<Outcome<R, Coalesced<'_, C>>, Rejected<T>> {
        self.bring(value, None, |batch| self.lend(batch, f))
    }

    /// As [`run`](Self::run), for a caller that waits at most `max_wait`.
    ///
    /// # Errors
    ///
    /// [`Rejected`], with the value, also if the call would have to wait longer. Nothing was recorded.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    pub fn run_within<R>(
        &self,
        value: T,
        max_wait: Duration,
        f: impl FnOnce(&mut Batch<T>) -> R,
    ) -> Result<Outcome<R, Coalesced<'_, C>>, Rejected<T>> {
        self.bring(value, Some(max_wait), |batch| self.lend(batch, f))
    }

    /// Runs `f` now or not at all, with `value` behind what was left before. Never waits for a run. A call that runs needs
    /// no room.
    ///
    /// # Errors
    ///
    /// [`Rejected`], with the value, and with the time to [retry at](Rejected::retry_at) unless a run is in progress.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    #[inline]
    pub fn try_run<R>(&self, value: T, f: impl FnOnce(&mut Batch<T>) -> R) -> Result<R, Rejected<T>> {
        self.bring_at_once(value, |batch| self.lend(batch, f))
    }

    /// Runs `f` now if a run is pending or owed, even inside the window, with all values.
    ///
    /// # Errors
    ///
    /// [`NotFlushed`]: `f` did not run.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    pub fn flush<R>(&self, f: impl FnOnce(&mut Batch<T>) -> R) -> Result<R, NotFlushed> {
        self.flush_given(|batch| self.lend(batch, f))
    }

    /// Takes the values that no run was given, and gives up the pending run, in one step.
    ///
    /// Values are left by a [`cancel`](Throttle::cancel), by an owner that left, and by a run that keeps some. If nobody
    /// takes them, they come first in the next batch.
    #[must_use = "the values are nowhere else"]
    pub fn take(&self) -> Vec<T> {
        self.take_given().map(|batch| batch.into_values().into()).unwrap_or_default()
    }

    /// Calls the function of a run that has not finished.
    fn lend<R>(&self, batch: Batch<T>, f: impl FnOnce(&mut Batch<T>) -> R) -> R {
        let mut lent = Lent { throttle: self, batch: Some(batch) };
        let value = f(lent.batch.as_mut().expect("it is here until it is settled"));
        lent.settle(true);
        value
    }
}

/// A batch while its function is called. On unwinding the rest is put back.
struct Lent<'t, C: Clock, T: Send + 'static> {
    throttle: &'t Throttle<C, Collect<T>>,
    batch: Option<Batch<T>>,
}

impl<C: Clock, T: Send + 'static> Lent<'_, C, T> {
    fn settle(&mut self, has_completed: bool) {
        let Throttle { core, payload } = self.throttle;
        let left = self.batch.take().and_then(|batch| Collect::left(batch, has_completed));
        if let Some(left) = left {
            // Nobody is there who would wait for it.
            let owe = || _ = core.gate.owe();
            let _ = payload.put_back(left, owe);
        }
    }
}

impl<C: Clock, T: Send + 'static> Drop for Lent<'_, C, T> {
    fn drop(&mut self) {
        self.settle(false);
    }
}
