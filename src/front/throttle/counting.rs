//! [`Throttle`] of [`Count`]: a run is given the number of calls that it stands for.

use super::{Coalesced, Throttle};
use crate::clock::{Clock, Monotonic};
use crate::front::observe::Edge;
use crate::front::outcome::{NotFlushed, Outcome};
use crate::front::payload::Count;
use crate::state::Refused;
use crate::sync::const_unless_loom;
use core::time::Duration;

impl Throttle<Monotonic, Count> {
    const_unless_loom! {
        /// A throttle that counts its calls: a run is given the number of those since the run before, never 0.
        ///
        /// ```
        /// use atomic_throttle::{Count, Monotonic, Throttle};
        /// use std::time::Duration;
        ///
        /// static FAILED: Throttle<Monotonic, Count> = Throttle::counting(Duration::from_millis(10));
        ///
        /// for _ in 0..3 {
        ///     let _ = FAILED.run(|calls| println!("failed, {calls} times"));
        /// }
        /// // Nobody has to call once more for the last one to be reported.
        /// assert_eq!(FAILED.outstanding(), 0);
        /// ```
        ///
        /// Every call is counted, whatever becomes of it: one that is refused, cancelled or left owed stays counted
        /// until the next run, or until somebody [takes](Self::take) it. [`flush`](Self::flush) and
        /// [`cancel`](Throttle::cancel) are no calls.
        #[must_use]
        pub const fn counting(threshold: Duration) -> Self {
            Self::counting_with_clock(threshold, Monotonic)
        }
    }
}

impl<C> Throttle<C, Count> {
    const_unless_loom! {
        /// As [`counting`](Throttle::counting), on any clock.
        #[must_use]
        pub const fn counting_with_clock(threshold: Duration, clock: C) -> Self {
            Self::carrying(threshold, clock, Count::new())
        }
    }

    /// How many calls no run was given yet, at this moment.
    #[must_use]
    pub fn outstanding(&self) -> u64 {
        self.payload.outstanding()
    }
}

impl<C: Clock> Throttle<C, Count> {
    /// As [`run`](Throttle#method.run) without a payload; `f` is given the number of calls since the run before,
    /// among them this one.
    ///
    /// A run that started just before this call decided may have counted it already. If then no call is left to
    /// count, `f` is not called: the call is [`Outcome::Coalesced`], with a handle that is covered.
    ///
    /// # Panics
    ///
    /// If `f` or the clock panics. The calls that `f` was given are not given again; if the clock panics, the call
    /// stays counted.
    #[inline]
    pub fn run<R>(&self, f: impl FnOnce(u64) -> R) -> Outcome<R, Coalesced<'_, C>> {
        self.payload.count();
        match self.core.gate.coalesce_unfenced() {
            Some(epoch) => Outcome::Coalesced(Coalesced::new(&self.core, epoch)),
            None => self.run_uncoalesced(f),
        }
    }

    /// As [`run`](Self::run), for a caller that waits at most `max_wait`. A call that is refused stays counted.
    ///
    /// # Errors
    ///
    /// [`Refused::Closed`] if the call would have to wait longer.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    pub fn run_within<R>(
        &self,
        max_wait: Duration,
        f: impl FnOnce(u64) -> R,
    ) -> Result<Outcome<R, Coalesced<'_, C>>, Refused> {
        self.payload.count();
        self.run_within_given(max_wait, f)
    }

    /// Runs `f` now or not at all. Never waits. A call that is refused stays counted: if no call comes after it, only
    /// [`take`](Self::take) returns it.
    ///
    /// # Errors
    ///
    /// [`Refused`], with the time to retry at, unless a run is in progress.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    #[inline]
    pub fn try_run<R>(&self, f: impl FnOnce(u64) -> R) -> Result<R, Refused> {
        let started = self.core.now_unless_refused().and_then(|now| self.core.gate.try_start(now));
        match started {
            // Counted here, so that no other run is told of it, and this one has something to tell.
            Ok(run) => {
                let calls = self.payload.take_all_and_one();
                Ok(self.core.take_over(run, Edge::Leading, || f(calls)))
            }
            Err(refused) => {
                self.payload.count();
                Err(refused)
            }
        }
    }

    /// Runs `f` now if a run is pending or owed, even inside the window, with the number of calls so far. It is no
    /// call itself.
    ///
    /// # Errors
    ///
    /// [`NotFlushed`]: `f` did not run. It is [`NothingPending`](NotFlushed::NothingPending) also where the run
    /// before has counted every call.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    pub fn flush<R>(&self, f: impl FnOnce(u64) -> R) -> Result<R, NotFlushed> {
        self.flush_given(f)
    }

    /// Takes the calls that no run was given, and gives up the pending run, as [`cancel`](Throttle::cancel): for
    /// the end of a program, where the last calls were refused, cancelled or left owed.
    #[must_use = "these calls are not counted any more"]
    pub fn take(&self) -> u64 {
        self.take_given().unwrap_or(0)
    }
}
