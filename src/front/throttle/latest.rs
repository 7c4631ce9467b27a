//! [`Throttle`] of [`Latest`]: a run is given the newest value.

use super::{Coalesced, Throttle};
use crate::clock::{Clock, Monotonic};
use crate::front::outcome::{NotFlushed, Outcome};
use crate::front::payload::{Latest, Rejected};
use crate::sync::const_unless_loom;
use core::time::Duration;

impl<T> Throttle<Monotonic, Latest<T>> {
    const_unless_loom! {
        /// A throttle whose calls bring a value: a run is given the newest one.
        ///
        /// ```
        /// use atomic_throttle::{Latest, Monotonic, Throttle};
        /// use std::sync::Mutex;
        /// use std::time::Duration;
        ///
        /// static DRAW: Throttle<Monotonic, Latest<u32>> = Throttle::latest(Duration::from_millis(10));
        /// static DRAWN: Mutex<Vec<u32>> = Mutex::new(Vec::new());
        ///
        /// std::thread::scope(|scope| {
        ///     for _ in 0..4 {
        ///         scope.spawn(|| {
        ///             for frame in 0..4 {
        ///                 let _ = DRAW.run(frame, |newest| DRAWN.lock().unwrap().push(newest));
        ///             }
        ///         });
        ///     }
        /// });
        /// assert_eq!(DRAWN.lock().unwrap().last(), Some(&3), "the last one is drawn, whichever call brought it");
        /// ```
        #[must_use]
        pub const fn latest(threshold: Duration) -> Self {
            Self::latest_with_clock(threshold, Monotonic)
        }
    }
}

impl<C, T> Throttle<C, Latest<T>> {
    const_unless_loom! {
        /// As [`latest`](Throttle::latest), on any clock.
        #[must_use]
        pub const fn latest_with_clock(threshold: Duration, clock: C) -> Self {
            Self::carrying(threshold, clock, Latest::new())
        }
    }
}

impl<C: Clock, T: Send + 'static> Throttle<C, Latest<T>> {
    /// As [`run`](Throttle#method.run) without a payload; the run is given the newest value that was brought.
    ///
    /// A call that coalesces leaves its value in place of an older one, which is dropped here. If the outcome is
    /// [`Cancelled`](Outcome::Cancelled) or [`Owed`](Outcome::Owed), the value is kept, for the next run or for
    /// [`take`](Self::take).
    ///
    /// # Errors
    ///
    /// [`Rejected`], with the value. It happens only in a forked child.
    ///
    /// # Panics
    ///
    /// If `f` or the clock panics. The run was given its value, and no other is given that.
    ///
    /// If the drop of a value that this one replaces panics. This one is kept then: the call's run has been performed, or
    /// is pending or owed.
    #[inline]
    pub fn run<R>(
        &self,
        value: T,
        f: impl FnOnce(T) -> R,
    ) -> Result<Outcome<R, Coalesced<'_, C>>, Rejected<T>> {
        self.bring(value, None, f)
    }

    /// As [`run`](Self::run), for a caller that waits at most `max_wait`.
    ///
    /// # Errors
    ///
    /// [`Rejected`], with the value, if the call would have to wait longer. Nothing was recorded.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    pub fn run_within<R>(
        &self,
        value: T,
        max_wait: Duration,
        f: impl FnOnce(T) -> R,
    ) -> Result<Outcome<R, Coalesced<'_, C>>, Rejected<T>> {
        self.bring(value, Some(max_wait), f)
    }

    /// Runs `f` now or not at all, with `value`. Never waits for a run. It drops an older value.
    ///
    /// # Errors
    ///
    /// [`Rejected`], with the value, and with the time to [retry at](Rejected::retry_at) unless a run is in progress.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    #[inline]
    pub fn try_run<R>(&self, value: T, f: impl FnOnce(T) -> R) -> Result<R, Rejected<T>> {
        self.bring_at_once(value, f)
    }

    /// Runs `f` now if a run is pending or owed, even inside the window, with the newest value.
    ///
    /// # Errors
    ///
    /// [`NotFlushed`]: `f` did not run.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    pub fn flush<R>(&self, f: impl FnOnce(T) -> R) -> Result<R, NotFlushed> {
        self.flush_given(f)
    }

    /// Takes the value that no run was given, and gives up the pending run, in one step. `None` if there is none.
    ///
    /// A value is left by a [`cancel`](Throttle::cancel), and by an owner that left. If nobody takes it, the next run is
    /// given it, unless a newer one replaces it.
    #[must_use = "the value is nowhere else"]
    pub fn take(&self) -> Option<T> {
        self.take_given()
    }
}
