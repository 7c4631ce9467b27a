//! [`Throttle`] of [`Merge`]: a run is given all values, merged into one.

use super::{Coalesced, Throttle};
use crate::clock::{Clock, Monotonic};
use crate::front::outcome::{NotFlushed, Outcome};
use crate::front::payload::{Merge, Rejected};
use crate::sync::const_unless_loom;
use core::time::Duration;

impl<T> Throttle<Monotonic, Merge<T>> {
    const_unless_loom! {
        /// A throttle whose calls bring a value: `merge` adds it to those before it, and a run is given the result.
        ///
        /// ```
        /// use atomic_throttle::{Merge, Monotonic, Throttle};
        /// use std::collections::BTreeSet;
        /// use std::time::Duration;
        ///
        /// static REBUILD: Throttle<Monotonic, Merge<BTreeSet<&str>>> =
        ///     Throttle::merging(Duration::from_millis(10), |all, more| all.extend(more));
        ///
        /// for path in ["a.rs", "b.rs", "a.rs"] {
        ///     let _ = REBUILD.run([path].into(), |changed| println!("rebuilt for {changed:?}"));
        /// }
        /// assert_eq!(REBUILD.take(), None);
        /// ```
        ///
        /// `merge` captures nothing. Callers call it under a lock that other callers wait for, so it should be short.
        /// *It must not call this throttle, nor wait for anybody who does*: that hangs, except for `run`, `run_within` and
        /// `try_run`, which are refused, with [`Reason::InsideMerge`](crate::Reason::InsideMerge) if nothing else refuses
        /// them. If it panics, the panic
        /// comes out of the call, which is not taken; the older value stays as `merge` left it, and if the call has
        /// started a run, its function is given that first.
        #[must_use]
        pub const fn merging(threshold: Duration, merge: fn(&mut T, T)) -> Self {
            Self::merging_with_clock(threshold, Monotonic, merge)
        }
    }
}

impl<C, T> Throttle<C, Merge<T>> {
    const_unless_loom! {
        /// As [`merging`](Throttle::merging), on any clock.
        #[must_use]
        pub const fn merging_with_clock(threshold: Duration, clock: C, merge: fn(&mut T, T)) -> Self {
            Self::carrying(threshold, clock, Merge::new(merge))
        }
    }
}

impl<C: Clock, T: Send + 'static> Throttle<C, Merge<T>> {
    /// As [`run`](Throttle#method.run) without a payload; the run is given all values since the run before, merged into
    /// one.
    ///
    /// If the outcome is [`Cancelled`](Outcome::Cancelled) or [`Owed`](Outcome::Owed), the value is kept, for the next run
    /// or for [`take`](Self::take).
    ///
    /// # Errors
    ///
    /// [`Rejected`], with the value: inside of the function that merges, and in a forked child.
    ///
    /// # Panics
    ///
    /// If `f`, the clock or the function that merges panics. A run whose `f` panics was given its value, and no other is
    /// given that.
    ///
    /// Where the function that merges panics as a run starts, `f` is given what was merged before, for the calls that rely on
    /// that run, and then the panic comes out.
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

    /// Runs `f` now or not at all, with `value` and what was left before. Never waits for a run.
    ///
    /// # Errors
    ///
    /// [`Rejected`], with the value, and with the time to [retry at](Rejected::retry_at) unless a run is in progress.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    pub fn try_run<R>(&self, value: T, f: impl FnOnce(T) -> R) -> Result<R, Rejected<T>> {
        self.bring_at_once(value, f)
    }

    /// Runs `f` now if a run is pending or owed, even inside the window, with what was brought.
    ///
    /// # Errors
    ///
    /// [`NotFlushed`]: `f` did not run.
    ///
    /// # Panics
    ///
    /// If `f` or the clock panics.
    pub fn flush<R>(&self, f: impl FnOnce(T) -> R) -> Result<R, NotFlushed> {
        self.flush_given(f)
    }

    /// Takes what no run was given, and gives up the pending run, in one step. `None` if there is nothing.
    ///
    /// Something is left by a [`cancel`](Throttle::cancel), and by an owner that left. If nobody takes it, the next run is
    /// given it, with what comes until then.
    #[must_use = "the value is nowhere else"]
    pub fn take(&self) -> Option<T> {
        self.take_given()
    }
}
