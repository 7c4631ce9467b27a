//! [`Throttle`] without a payload: a function brings nothing, and is given nothing.

use super::{Coalesced, Throttle};
use crate::clock::{Clock, Monotonic};
use crate::front::observe::Edge;
use crate::front::outcome::{NotFlushed, Outcome};
use crate::state::Refused;
use crate::sync::const_unless_loom;
use core::time::Duration;

impl Throttle {
    const_unless_loom! {
        /// A throttle on the [`Monotonic`] clock whose runs start at least `threshold` apart.
        ///
        /// A threshold above [`Threshold::MAX`](crate::Threshold::MAX) (about 70.8 years) is clamped to it;
        /// [`Threshold::try_new`](crate::Threshold::try_new) refuses it.
        #[must_use]
        pub const fn new(threshold: Duration) -> Self {
            Self::with_clock(threshold, Monotonic)
        }
    }
}

impl<C> Throttle<C> {
    const_unless_loom! {
        /// A throttle on any clock, with a threshold clamped to [`Threshold::MAX`](crate::Threshold::MAX).
        #[must_use]
        pub const fn with_clock(threshold: Duration, clock: C) -> Self {
            Self::carrying(threshold, clock, ())
        }
    }
}

impl<C: Clock> Throttle<C> {
    /// Runs `f` at once, or when the window is over, unless another call's run covers this one.
    ///
    /// **This may wait for a whole window, in the calling thread**: see [who waits](Self#who-waits). Do not
    /// call it on an executor, nor in a loop that must end soon.
    /// [`Throttled::trigger`](crate::Throttled::trigger) never waits; [`try_run`](Self::try_run) and
    /// [`run_within`](Self::run_within) limit the wait.
    ///
    /// * No run is in progress and the window is over: runs `f` now.
    /// * A run is pending: returns at once with a handle to wait for it. `f` is dropped, so it [must not
    ///   carry the data](Self#the-function-must-not-carry-the-data).
    /// * Otherwise this call becomes the owner: it waits for the window to end and the run in progress to
    ///   finish, then runs `f`. It returns without having run if it is cancelled, or if a
    ///   [`flush`](Self::flush) or a call by another thread took its place.
    ///
    /// A call inside a run of the same throttle, in its thread, cannot wait. If no run is pending, it leaves
    /// the request *owed* ([`Outcome::Owed`]), and the next call from outside adopts that. A function that
    /// hands the nested call to another thread and joins that thread does deadlock.
    ///
    /// # Panics
    ///
    /// If `f` or the clock panics. A run that had started has finished then, and the throttle is usable (G6).
    #[inline]
    pub fn run<T>(&self, f: impl FnOnce() -> T) -> Outcome<T, Coalesced<'_, C>> {
        match self.core.gate.coalesce() {
            Some(epoch) => Outcome::Coalesced(Coalesced::new(&self.core, epoch)),
            None => self.run_uncoalesced(|()| f()),
        }
    }

    /// As [`run`](Self::run), for a caller that waits at most `max_wait`, on the throttle's clock.
    ///
    /// The call takes no deferral that is due later than that. A deferral may be due sooner and then be held
    /// up, by a long run or by a threshold that was lengthened meanwhile. After `max_wait` the call leaves it
    /// *owed* ([`Outcome::Owed`]), together with the calls that coalesced into it: the next call covers them.
    /// With a `max_wait` of zero that happens whenever a run outlasts its window. How long `f` itself takes
    /// is not limited.
    ///
    /// `f` is dropped if the call coalesces or is refused, so it [must not carry the
    /// data](Self#the-function-must-not-carry-the-data).
    ///
    /// # Errors
    ///
    /// [`Refused::Closed`] if the call would have to wait longer. Nothing was recorded: no run stands for it.
    ///
    /// # Panics
    ///
    /// If `f` or the clock panics, as [`run`](Self::run).
    pub fn run_within<T>(
        &self,
        max_wait: Duration,
        f: impl FnOnce() -> T,
    ) -> Result<Outcome<T, Coalesced<'_, C>>, Refused> {
        self.run_within_given(max_wait, |()| f())
    }

    /// Runs `f` now or not at all: the leading edge only. Never waits.
    ///
    /// A refused call is forgotten, and `f` is dropped with all that it carries: no later run stands for it,
    /// not even for the last call. If a run was pending and overdue, this run covers it.
    ///
    /// Cost: see [`Throttle`](Self#cost). Where most calls are refused, another [clock](crate::clock) makes
    /// that cheaper.
    ///
    /// # Errors
    ///
    /// [`Refused`], with the time to retry at, unless a run is in progress.
    ///
    /// # Panics
    ///
    /// If `f` or the clock panics, as [`run`](Self::run).
    #[inline]
    pub fn try_run<T>(&self, f: impl FnOnce() -> T) -> Result<T, Refused> {
        if let Some(refused) =
            self.core.clock.estimate().and_then(|estimate| self.core.gate.refuses(estimate))
        {
            return Err(refused);
        }
        let run = self.core.gate.try_start(self.core.clock.now())?;
        Ok(self.core.take_over(run, Edge::Leading, f))
    }

    /// Runs `f` now if a run is pending or owed, even inside the window. This is the explicit exception from
    /// G1; a new window starts.
    ///
    /// The former owner's call returns [`Outcome::Coalesced`], and its function is dropped.
    ///
    /// # Errors
    ///
    /// [`NotFlushed`]: `f` did not run. What was pending stays pending.
    ///
    /// # Panics
    ///
    /// If `f` or the clock panics, as [`run`](Self::run).
    pub fn flush<T>(&self, f: impl FnOnce() -> T) -> Result<T, NotFlushed> {
        self.flush_given(|()| f())
    }
}
