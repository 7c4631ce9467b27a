//! [`Throttle`]: the blocking front end. The one owner of the deferral waits in its call; every other
//! call returns at once.
//!
//! `core` is the throttle without its payload. `plain`, `counting`, `latest`, `merging` and `collecting` have the
//! operations of each payload, and `deciding`, `bringing` and `giving` what these share.

// In the order of the page, which follows that of the modules: what most users call first stands first.
mod plain;

mod collecting;
mod counting;
mod latest;
mod merging;

mod bringing;
mod coalesced;
mod core;
mod deciding;
mod giving;
#[cfg(any(atomic_throttle_hook, atomic_throttle_loom, atomic_throttle_shuttle))]
mod parts;
mod performing;
#[cfg(all(test, not(any(atomic_throttle_loom, atomic_throttle_shuttle))))]
mod tests;

pub use self::coalesced::Coalesced;
#[cfg(feature = "async")]
pub(crate) use self::core::has_lost_all_others;

use self::core::Core;
use crate::clock::{Clock, Monotonic};
use crate::front::observe;
use crate::front::snapshot::Snapshot;
use crate::state::Epoch;
use crate::sync::const_unless_loom;
use crate::time::Threshold;
use ::core::fmt;
use ::core::time::Duration;

#[cfg_attr(feature = "async", doc = include_str!("../../design/tasks.md"))]
#[cfg_attr(not(feature = "async"), doc = include_str!("../../design/elsewhere.md"))]
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
/// or [`AsyncThrottle`]; [`try_run`](Self::try_run), which has no trailing edge; or
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
/// Or let each call [bring a value](#what-calls-bring), or bind the function once, with
/// [`Throttled`](crate::Throttled).
///
/// # What calls bring
///
/// | | a call | a run is given |
/// |---|---|---|
/// | [`new`](Self::new) | `run(f)` | nothing |
/// | [`counting`](Throttle::counting) | `run(f)` | the number of calls since the run before |
/// | [`latest`](Throttle::latest) | `run(value, f)` | the newest value |
/// | [`merging`](Throttle::merging) | `run(value, f)` | all values since the run before, merged into one |
/// | [`collecting`](Throttle::collecting) | `run(value, f)` | all values since the run before, in a [`Batch`](crate::Batch) |
///
/// ```
/// use atomic_throttle::{Latest, Monotonic, Throttle};
/// use std::time::Duration;
///
/// static PAINT: Throttle<Monotonic, Latest<u32>> = Throttle::latest(Duration::from_millis(10));
///
/// fn show(value: u32) {
///     let _ = PAINT.run(value, |newest| println!("painted {newest}"));
/// }
/// # show(1);
/// ```
///
/// All have `run_within`, `try_run` and `flush` as well. A value whose call is refused comes back, in a
/// [`Rejected`](crate::Rejected). A value whose call was cancelled, or left its run owed, is kept: `take` returns it, and
/// otherwise the next run is given it.
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
/// * **G10** The value of a call that was taken is given to the run that covers the call, once; a newer one may replace
///   it ([`Latest`](crate::Latest)) or be merged with it ([`Merge`](crate::Merge)). Calls are counted exactly. A call that
///   is refused has its value back. A run that panics was given what it was given; what it has not taken out of a
///   [`Batch`](crate::Batch) comes with the next run, which is *owed* then.
///
/// **G7** does not hold of a call that brings a value: it takes a lock for one decision, and for the time in which the
/// value is moved, pushed or merged.
///
/// # Cost
///
/// A coalesced call is one fence and one load; a refused one a clock reading and two loads. A run adds two
/// compare-and-swaps and two fences. 32 bytes. Only waiting allocates. A count is 16 bytes, and in place of
/// the fence an increment of a number that all callers share. A value adds a lock, under which it is moved: a
/// coalesced call is a lock and a load then.
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
/// In a signal handler call [`try_run`](Self::try_run), if no thread ever waits on this throttle and no call brings a
/// value, and never [`run`](Self::run): [Signal handlers](crate::design::waiting#signal-handlers). In a forked child
/// [`run`](Self::run) waits for no thread of the parent. [`try_run`](Self::try_run) stays refused if a run was in
/// progress at the fork, and a call that brings a value if a thread of the parent was bringing one:
/// [Forked children](crate::design::waiting#forked-children).
///
/// # What it is not
///
/// It does not limit a rate with bursts. It knows nothing of other processes. Two throttles whose runs call
/// each other can deadlock as two locks can: a run of the first that waits for a deferral of the second,
/// while a run of the second waits for the first. Bound such calls with [`run_within`](Self::run_within).
#[repr(C)]
pub struct Throttle<C = Monotonic, P = ()> {
    /// First, so that events name the throttle by its own address.
    core: Core<C>,
    payload: P,
}

impl<C, P> Throttle<C, P> {
    const_unless_loom! {
        const fn carrying(threshold: Duration, clock: C, payload: P) -> Self {
            Self { core: Core::new(threshold, clock), payload }
        }
    }
}

impl<C: Clock, P> Throttle<C, P> {
    /// Cancels the pending or owed run and returns whether there was one. The window stays: the next run
    /// keeps its distance (G1).
    ///
    /// The owner's call returns [`Outcome::Cancelled`](crate::Outcome::Cancelled), and so does every wait for the run. A call that comes
    /// before the owner has noticed revives the run.
    ///
    /// Cost: one load, at most one successful compare-and-swap; one fence and one load more if there was one.
    pub fn cancel(&self) -> bool {
        let cancelled = self.core.gate.cancel_in();
        self.tell_of_cancel(cancelled);
        cancelled.is_some()
    }

    fn tell_of_cancel(&self, cancelled: Option<Epoch>) {
        if let Some(epoch) = cancelled {
            self.core.waiting().notify();
            observe::cancelled(self.core.source(), epoch);
        }
    }

    /// Changes the threshold, clamped to [`Threshold::MAX`]. The change applies to the present window, too:
    /// the pending run moves to the new end of the window at once.
    ///
    /// Cost: one store, one fence, one load.
    pub fn set_threshold(&self, threshold: impl Into<Threshold>) {
        self.core.gate.set_threshold(threshold);
        self.core.waiting().notify();
    }

    /// Has all who wait read the clock again: the owner of the pending run, and waits with a limit.
    ///
    /// Call it after a jump of a clock that runs ahead of the timer of the system, at the end of a suspension, for
    /// example: see [waiting](crate::Clock#waiting). It changes no deadline, and starts nothing early.
    ///
    /// Cost: one fence, one load.
    pub fn retime(&self) {
        self.core.waiting().notify();
    }
}

impl<C, P> Throttle<C, P> {
    /// The clock that its timestamps are readings of.
    pub fn clock(&self) -> &C {
        &self.core.clock
    }

    /// Whether a run is pending: some owner waits to perform it.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.core.gate.state().is_pending()
    }

    /// All that there is to see at this moment.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(self.core.gate.state(), self.threshold())
    }

    /// The shortest time between the starts of two runs.
    #[must_use]
    pub fn threshold(&self) -> Threshold {
        self.core.gate.threshold()
    }
}

impl<C, P> fmt::Debug for Throttle<C, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Throttle")
            .field("state", &self.core.gate.state())
            .field("threshold", &self.threshold())
            .finish_non_exhaustive()
    }
}
