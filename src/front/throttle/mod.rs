//! [`Throttle`]: the blocking front end. The one owner of the deferral waits in its call; every other
//! call returns at once.

mod deciding;
mod look;
mod outcome;
#[cfg(any(atomic_throttle_hook, atomic_throttle_loom, atomic_throttle_shuttle))]
mod parts;
mod performing;
#[cfg(all(test, not(any(atomic_throttle_loom, atomic_throttle_shuttle))))]
mod tests;

pub use self::outcome::{Coalesced, NotFlushed, Outcome};

use crate::clock::{Clock, Monotonic};
use crate::front::observe::{self, Edge};
use crate::gate::{Flushed, Gate};
use crate::state::Refused;
use crate::sync::{AtomicU32, Event, const_unless_loom};
use crate::time::Threshold;
use core::fmt;
use core::time::Duration;

/// Runs a function on the calling thread at most once per threshold, and never loses the last request.
///
/// [`run`](Self::run) may wait for a whole window, **in the calling thread**: see [who waits](#who-waits).
/// Most programs want [`Throttled`](crate::Throttled), which never waits.
///
/// ```
/// use atomic_throttle::{Outcome, Throttle};
/// use std::time::Duration;
///
/// static RELOAD: Throttle = Throttle::new(Duration::from_millis(20));
///
/// // In a thread that may wait for up to 20 ms:
/// match RELOAD.run(|| "reloaded") {
///     Outcome::RanAtOnce(value) | Outcome::RanDeferred(value) => assert_eq!(value, "reloaded"),
///     Outcome::Coalesced(_covered_by_a_later_run) => {}
///     Outcome::Cancelled | Outcome::Owed => {}
/// }
/// ```
///
/// The first call runs at once. A call inside the window becomes the owner of the deferral: it waits, and
/// runs when the window is over. All calls meanwhile coalesce into that run and return at once. *The function
/// of a coalesced call is dropped, so it must not carry the data*: see
/// [below](#the-function-must-not-carry-the-data).
///
/// # Who waits
///
/// The owner of the deferral: its thread sleeps in [`run`](Self::run) until the window is over. Any caller
/// may be the owner, so any call may take a whole window. A thread that calls alone owns every deferral: a
/// loop of a thousand calls takes a thousand windows. On an executor the call blocks the thread, and every
/// task on it. If a caller must not wait, use [`Throttled`](crate::Throttled), which keeps the trailing edge,
/// or `AsyncThrottle`; [`try_run`](Self::try_run), which has no trailing edge; or
/// [`run_within`](Self::run_within), with a limit.
///
/// # The function must not carry the data
///
/// Only the owner's function runs. So write the data where the function reads it, before the call: by G3 the
/// run that covers the call sees it. With `PAINT.run(|| paint(value))` the last value could be lost; here it
/// is painted:
///
/// ```
/// use atomic_throttle::Throttle;
/// use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
/// use std::time::Duration;
///
/// static PAINT: Throttle = Throttle::new(Duration::from_millis(10));
/// static LATEST: AtomicU32 = AtomicU32::new(0);
/// static PAINTED: AtomicU32 = AtomicU32::new(0);
/// fn show(value: u32) {
///     LATEST.fetch_max(value, Relaxed); // First the data,
///     let _ = PAINT.run(|| PAINTED.store(LATEST.load(Relaxed), Relaxed)); // then the call.
/// }
///
/// std::thread::scope(|scope| {
///     for value in 0..4 {
///         scope.spawn(move || show(value));
///     }
/// });
/// assert_eq!(PAINTED.load(Relaxed), 3);
/// ```
///
/// Or bind the function once, with [`Throttled`](crate::Throttled), whose calls can
/// [bring a value](crate::Builder::latest).
///
/// # Guarantees
///
/// * **G1** Two runs start at least one threshold apart, by their stamps on the throttle's clock. A thread
///   that is preempted between its stamp and its function begins late, so the gap seen from inside two
///   functions can be shorter. [`flush`](Self::flush) is the one exception.
/// * **G2** Runs never overlap. A run longer than the threshold is followed at once by the pending one.
/// * **G3** A call that was deferred or coalesced is covered by a run that starts after the call and sees
///   what the caller wrote before it through atomics, locks or any other `Sync` type; or it was cancelled
///   explicitly; or it stays visibly owed.
/// * **G4** At most one deferral is pending, and it has exactly one owner.
/// * **G5** The pending run starts as soon as the window is over and no run is in progress.
/// * **G6** A panic in a function wedges nothing and loses nothing: its window counts, what is pending stays
///   pending, and the panic goes on in the thread of the caller.
/// * **G7** Deciding is lock-free. Coalescing is wait-free: no clock, no write, no allocation.
/// * **G8** Nothing overflows or panics, whatever the clock returns and whatever the threshold is.
/// * **G9** Every operation may be called from inside a run. None deadlocks: see [`run`](Self::run).
///
/// # Cost
///
/// A coalesced call is one fence and one load; a refused one a clock reading and two loads. A run adds two
/// compare-and-swaps and two fences. 32 bytes. Only waiting allocates.
///
/// Throttles that lie side by side share cache lines. Where different threads use them all the time, keep
/// each on lines of its own. Beside a neighbour that another core runs without a pause, a coalesced call took
/// 2.6 times as long, a refused one 1.3 and one that ran 1.8 times; with padding, none of it (`cargo bench
/// --bench neighbours`).
///
/// ```
/// use atomic_throttle::Throttle;
/// use crossbeam_utils::CachePadded;
/// use std::time::Duration;
///
/// static OF_EACH_WORKER: [CachePadded<Throttle>; 4] =
///     [const { CachePadded::new(Throttle::new(Duration::from_secs(1))) }; 4];
///
/// assert!(OF_EACH_WORKER[0].try_run(|| ()).is_ok());
/// assert!(OF_EACH_WORKER[1].try_run(|| ()).is_ok());
/// ```
///
/// # Signal handlers and forked children
///
/// In a signal handler call [`try_run`](Self::try_run), if no thread ever waits on this throttle, and never
/// [`run`](Self::run): [Signal handlers](crate::design::waiting#signal-handlers). In a forked child [`run`](Self::run)
/// waits for no thread of the parent. [`try_run`](Self::try_run) stays refused if a run was in progress at the fork:
/// [Forked children](crate::design::waiting#forked-children).
///
/// # What it is not
///
/// It does not limit a rate with bursts. It knows nothing of other processes. Two throttles whose runs call
/// each other can deadlock as two locks can: a run of the first that waits for a deferral of the second,
/// while a run of the second waits for the first. Bound such calls with [`run_within`](Self::run_within).
#[repr(C)]
pub struct Throttle<C = Monotonic> {
    /// First, so that events name the throttle by its own address.
    gate: Gate,
    event: Event,
    /// How many threads wait on the event, or are about to.
    waiters: AtomicU32,
    /// The thread of the run in progress, 0 if none: the run's own thread, and only that, recognizes itself.
    runner: AtomicU32,
    clock: C,
}

impl Throttle {
    const_unless_loom! {
        /// A throttle on the [`Monotonic`] clock whose runs start at least `threshold` apart.
        ///
        /// A threshold above [`Threshold::MAX`] (about 70.8 years) is clamped to it;
        /// [`Threshold::try_new`] refuses it.
        #[must_use]
        pub const fn new(threshold: Duration) -> Self {
            Self::with_clock(threshold, Monotonic)
        }
    }
}

impl<C> Throttle<C> {
    const_unless_loom! {
        /// A throttle on any clock, with a threshold clamped to [`Threshold::MAX`].
        #[must_use]
        pub const fn with_clock(threshold: Duration, clock: C) -> Self {
            Self {
                gate: Gate::new(Threshold::new(threshold)),
                event: Event::new(),
                waiters: AtomicU32::new(0),
                runner: AtomicU32::new(0),
                clock,
            }
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
    pub fn run<T>(&self, f: impl FnOnce() -> T) -> Outcome<'_, T, C> {
        match self.gate.coalesce() {
            Some(epoch) => Outcome::Coalesced(Coalesced::new(self, epoch)),
            None => self.run_uncoalesced(f),
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
    ) -> Result<Outcome<'_, T, C>, Refused> {
        if let Some(epoch) = self.gate.coalesce() {
            return Ok(Outcome::Coalesced(Coalesced::new(self, epoch)));
        }
        if self.is_inside_run() {
            return Ok(self.leave_owed());
        }
        let now = self.clock.now();
        let limit = now.saturating_add(max_wait);
        Ok(self.settle(self.gate.arrive_by_uncoalesced(now, limit)?, Some(limit), f))
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
        if let Some(refused) = self.clock.estimate().and_then(|estimate| self.gate.refuses(estimate)) {
            return Err(refused);
        }
        let run = self.gate.try_start(self.clock.now())?;
        Ok(self.take_over(run, Edge::Leading, f))
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
        match self.gate.flush(self.clock.now()) {
            Flushed::Run(run) => Ok(self.take_over(run, Edge::Flushed, f)),
            Flushed::Busy => Err(NotFlushed::Running),
            Flushed::Nothing => Err(NotFlushed::NothingPending),
        }
    }

    /// Cancels the pending or owed run and returns whether there was one. The window stays: the next run
    /// keeps its distance (G1).
    ///
    /// The owner's call returns [`Outcome::Cancelled`], and so does every wait for the run. A call that comes
    /// before the owner has noticed revives the run.
    ///
    /// Cost: one load, at most one successful compare-and-swap; one fence and one load more if there was one.
    pub fn cancel(&self) -> bool {
        let cancelled = self.gate.cancel_in();
        if let Some(epoch) = cancelled {
            self.waiting().notify();
            observe::cancelled(self.source(), epoch);
        }
        cancelled.is_some()
    }

    /// Changes the threshold, clamped to [`Threshold::MAX`]. The change applies to the present window, too:
    /// the pending run moves to the new end of the window at once.
    ///
    /// Cost: one store, one fence, one load.
    pub fn set_threshold(&self, threshold: impl Into<Threshold>) {
        self.gate.set_threshold(threshold);
        self.waiting().notify();
    }

    /// Has all who wait read the clock again: the owner of the pending run, and waits with a limit.
    ///
    /// Call it after a jump of a clock that runs ahead of the timer of the system, at the end of a suspension, for
    /// example: see [waiting](crate::Clock#waiting). It changes no deadline, and starts nothing early.
    ///
    /// Cost: one fence, one load.
    pub fn retime(&self) {
        self.waiting().notify();
    }
}

impl<C> fmt::Debug for Throttle<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Throttle")
            .field("state", &self.state())
            .field("threshold", &self.threshold())
            .finish_non_exhaustive()
    }
}
