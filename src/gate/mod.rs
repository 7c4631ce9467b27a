//! [`Gate`]: the one atomic word, the one retry loop, and the guards that move it.
//!
//! The gate only decides: it never waits, reads no clock and calls no function. Each operation takes the time
//! as an argument and returns what to do next. Use it in an event loop of your own (embedded, games, another
//! runtime). [`Throttle`](crate::Throttle) is the gate with a clock and a way to wait.
//!
//! ```
//! use atomic_throttle::gate::{Arrival, Fired, Gate};
//! use atomic_throttle::{Threshold, Timestamp};
//!
//! static GATE: Gate = Gate::new(Threshold::from_nanos(10));
//! let at = Timestamp::from_nanos;
//!
//! // The first call runs at once.
//! let Arrival::Run(run) = GATE.arrive(at(5)) else { panic!() };
//! run.finish();
//!
//! // A call inside the window owns the deferral; the next one coalesces into it.
//! let Arrival::Defer(deferral) = GATE.arrive(at(6)) else { panic!() };
//! assert_eq!(deferral.due(), at(15));
//! assert!(GATE.coalesce().is_some());
//!
//! // The owner comes back when the window is over.
//! let Fired::Run(run) = deferral.fire(at(15)) else { panic!() };
//! run.finish();
//! ```
//!
//! # Guarantees
//!
//! G1 to G4 and G6 to G8 hold for every use of the gate, with one exception: with [`claim`](Gate::claim) the
//! caller ensures the one owner of G4. The caller also ensures G5 (a pending run is performed): call
//! [`Deferral::fire`] at [`Deferral::due`], and again when a run has finished.
//!
//! # Signal handlers and forked children
//!
//! Every operation may be called in a [signal handler](crate::design::waiting#signal-handlers): it takes no lock,
//! allocates nothing and waits for nothing.
//!
//! A [forked child](crate::design::waiting#forked-children) has a copy of the gate, but not the threads that held a
//! run or a deferral. A run that was in progress stays so. Make the gate after the fork, or finish that run in the
//! child by [`finish_lost`](Gate::finish_lost) with the epoch of its [`state`](Gate::state).
//!
//! # Cost
//!
//! [`coalesce`](Gate::coalesce) is one fence and one load, wait-free. Every other operation is one load of
//! the word, at most one of the threshold, and at most one successful compare-and-swap, lock-free. An
//! operation that starts a run adds a fence.

mod guard;

pub use self::guard::{Arrival, Deferral, DetachedRun, Fired, Flushed, Run};

use crate::state::{Abandon, Arrive, Epoch, Finish, Fire, Flush, Owe, Refused, Request, State, TryStart};
use crate::sync::{AtomicU64, AtomicWord, Ordering, const_unless_loom, fence, ordering, orders};
use crate::time::{Threshold, Timestamp};
use core::fmt;

/// Decides, for any number of threads, which call runs, which waits and which coalesces.
///
/// ```
/// use atomic_throttle::{Gate, Threshold, Timestamp};
/// let gate = Gate::new(Threshold::from_nanos(10));
/// assert!(gate.try_start(Timestamp::from_nanos(5)).is_ok());
/// assert!(gate.try_start(Timestamp::from_nanos(14)).is_err(), "the window is not over");
/// ```
///
/// 16 bytes, `const` to build, no allocation. The [module](self) has the guarantees and the cost.
pub struct Gate {
    word: AtomicWord,
    threshold: AtomicU64,
}

/// What one pass of the retry loop did.
struct Step<O> {
    before: State,
    outcome: O,
    after: State,
}

impl Gate {
    const_unless_loom! {
        /// A gate whose runs start at least `threshold` apart.
        #[must_use]
        pub const fn new(threshold: Threshold) -> Self {
            Self { word: AtomicWord::new(State::NEW.to_word()), threshold: AtomicU64::new(threshold.as_nanos()) }
        }
    }

    /// Coalesces the call if a run is pending: `Some` with the epoch that the run is pending in.
    ///
    /// This is the fast path of every call that wants a run and does not care who performs it. It does not
    /// take the time, so it cannot notice that a pending run is overdue. If an owner may never come back,
    /// call [`arrive`](Self::arrive), which takes over.
    ///
    /// Everything that the caller wrote before, through atomics, locks or any other `Sync` type, is visible
    /// to that run (G3). Plain memory that `unsafe` code shares is not.
    ///
    /// Cost: one fence, one load. Writes nothing.
    #[inline]
    #[must_use = "no run covers a call that was not coalesced"]
    pub fn coalesce(&self) -> Option<Epoch> {
        fence(&orders::COALESCE);
        // ORDERING: Relaxed. The fence above orders the caller's writes before this load. The caller reads
        // nothing that the value would have to publish.
        let state = State::from_word(self.word.load(Ordering::Relaxed));
        state.is_pending().then(|| state.epoch())
    }

    /// As [`coalesce`](Self::coalesce), for a call that its payload orders against every start: it holds the
    /// lock under which runs start, or it is counted in a number that each run takes after its start. So a
    /// run that starts later sees what the caller wrote, and a start that came before is seen here.
    #[cfg(feature = "std")]
    #[inline]
    pub(crate) fn coalesce_unfenced(&self) -> Option<Epoch> {
        // ORDERING: Relaxed. The lock orders it, or `COUNT`.
        let state = State::from_word(self.word.load(Ordering::Relaxed));
        state.is_pending().then(|| state.epoch())
    }

    /// Asks for a run that the caller performs: now, or later as the owner of the deferral.
    ///
    /// Takes over a pending run that is overdue, and adopts an owed one.
    ///
    /// Cost: one fence, one load, at most one successful compare-and-swap; to run, one more fence.
    #[inline]
    pub fn arrive(&self, now: Timestamp) -> Arrival<'_> {
        fence(&orders::ARRIVE);
        self.arrive_uncoalesced(now)
    }

    /// As [`arrive`](Self::arrive), for a call whose [`coalesce`](Self::coalesce) has just returned `None`,
    /// or whose [`coalesce_unfenced`](Self::coalesce_unfenced): what orders that one orders this decision as
    /// well.
    #[inline]
    pub(crate) fn arrive_uncoalesced(&self, now: Timestamp) -> Arrival<'_> {
        let step = self.update(Ordering::Relaxed, |state| state.arrive(now, self.threshold()));
        self.arrival(step.before, step.outcome, step.after)
    }

    /// As [`arrive`](Self::arrive), but takes no deferral that is due after `latest`.
    ///
    /// # Errors
    ///
    /// [`Refused::Closed`] with the end of the window, if that is after `latest`. Nothing was recorded.
    #[inline]
    pub fn arrive_by(&self, now: Timestamp, latest: Timestamp) -> Result<Arrival<'_>, Refused> {
        fence(&orders::ARRIVE_BY);
        self.arrive_by_uncoalesced(now, latest)
    }

    /// As [`arrive_by`](Self::arrive_by), after a [`coalesce`](Self::coalesce) that returned `None`.
    #[inline]
    pub(crate) fn arrive_by_uncoalesced(
        &self,
        now: Timestamp,
        latest: Timestamp,
    ) -> Result<Arrival<'_>, Refused> {
        let step = self.update(Ordering::Relaxed, |state| state.arrive_by(now, latest, self.threshold()));
        step.outcome.map(|outcome| self.arrival(step.before, outcome, step.after))
    }

    /// As [`arrive_by`](Self::arrive_by), for a call that starts nothing: under a lock under which every run starts,
    /// which orders the caller's writes. Never [`Arrival::Run`].
    #[cfg(feature = "std")]
    pub(crate) fn defer_by(&self, now: Timestamp, latest: Timestamp) -> Result<Arrival<'_>, Refused> {
        let step = self.update(Ordering::Relaxed, |state| {
            let due = state.window_end(self.threshold());
            if !state.has_owner() && due > latest {
                return (state, Err(Refused::Closed { retry_at: due, refused_at: now.clamped() }));
            }
            let (next, request) = state.request();
            (next, Ok(request))
        });
        let epoch = step.after.epoch();
        step.outcome.map(|request| match request {
            Request::Requested => Arrival::Defer(Deferral::new(self, epoch)),
            Request::Coalesced => Arrival::Coalesced(epoch),
        })
    }

    /// Asks for a run that the one background owner performs: from an interrupt handler, for example.
    ///
    /// On [`Request::Requested`] wake that owner. It takes the deferral with [`claim`](Self::claim).
    ///
    /// Cost: one fence, one load, at most one successful compare-and-swap. No clock.
    #[inline]
    pub fn request(&self) -> (Request, Epoch) {
        fence(&orders::REQUEST);
        let step = self.update(Ordering::Relaxed, State::request);
        (step.outcome, step.after.epoch())
    }

    /// Takes the deferral that [`request`](Self::request) made in `epoch`, or that was
    /// [detached](Deferral::detach).
    ///
    /// Call it once for each [`Request::Requested`] or detached deferral: the caller ensures the one owner of
    /// G4. Claiming a deferral that has another owner never runs anything twice. But when the two disagree
    /// (one leaves, one waits), the run becomes owed.
    #[inline]
    pub fn claim(&self, epoch: Epoch) -> Deferral<'_> {
        Deferral::new(self, epoch)
    }

    /// Resumes a run that was [detached](Run::detach) from this gate. The guard says the same of the run as
    /// the one that was given up.
    ///
    /// On another gate the run is of no use: dropping it there does nothing, unless a run of the same epoch
    /// happens to be in progress, which it ends too early.
    ///
    /// What the starting thread wrote before is visible here if the value was passed on with synchronization.
    #[inline]
    #[allow(clippy::needless_pass_by_value, reason = "it is used up, so that no run is resumed twice")]
    pub fn resume(&self, detached: DetachedRun) -> Run<'_> {
        let DetachedRun { epoch, before } = detached;
        Run::new(self, epoch, before)
    }

    /// Finishes the run of `epoch` if it is still in progress and its guard is lost: leaked by `mem::forget`, or
    /// held by a thread of the process that this one was forked from.
    ///
    /// The caller makes sure of that. If the guard still exists, the next run may begin beside this one; what
    /// the guard does at its end changes nothing then.
    ///
    /// Cost: one load, at most one successful compare-and-swap. No clock.
    #[inline]
    pub fn finish_lost(&self, epoch: Epoch) -> Finish {
        self.finish(epoch).0
    }

    /// Asks for a run that the caller can neither perform nor wait for: leaves it owed, unless one is
    /// pending. The epoch is the one in which the call coalesced or left the run owed.
    ///
    /// Cost: one fence, one load, at most one successful compare-and-swap. No clock.
    #[inline]
    pub fn owe(&self) -> (Owe, Epoch) {
        fence(&orders::OWE);
        let step = self.update(Ordering::Relaxed, State::owe);
        (step.outcome, step.after.epoch())
    }

    /// Starts a run now or not at all: the leading edge only.
    ///
    /// If a run was pending, this one covers it.
    ///
    /// Cost: one load if refused; otherwise one compare-and-swap and one fence.
    ///
    /// # Errors
    ///
    /// [`Refused`]: nothing was recorded, and no run will cover the call.
    #[inline]
    pub fn try_start(&self, now: Timestamp) -> Result<Run<'_>, Refused> {
        // No fence before the load: no run covers a refused call, and a run sees what its own thread wrote.
        let step = self.update(Ordering::Relaxed, |state| state.try_start(now, self.threshold()));
        match step.outcome {
            TryStart::Run => Ok(self.started(step.before, step.after)),
            TryStart::Refused(refused) => Err(refused),
        }
    }

    /// Why [`try_start`](Self::try_start) would refuse a call at `now`. It decides nothing: after `None`,
    /// `try_start` may still refuse.
    ///
    /// `now` may be an estimate, behind or ahead of the clock: see [`Clock::estimate`](crate::Clock::estimate).
    ///
    /// Cost: one load of the word, at most one of the threshold. Writes nothing.
    #[inline]
    #[must_use]
    pub fn refuses(&self, now: Timestamp) -> Option<Refused> {
        // ORDERING: Relaxed. As for a refusal of `try_start`: no run covers the call.
        State::from_word(self.word.load(Ordering::Relaxed)).refuses(now, self.threshold())
    }

    /// Cancels the pending or owed run, and returns whether there was one. The window stays: the next run
    /// keeps its distance.
    ///
    /// If the deferral had a live owner, wake it: its next [`fire`](Deferral::fire) returns
    /// [`Fired::Cancelled`]. A call that comes before that revives the deferral.
    ///
    /// Cost: one load, at most one successful compare-and-swap.
    #[inline]
    pub fn cancel(&self) -> bool {
        self.cancel_in().is_some()
    }

    /// As [`cancel`](Self::cancel), with the epoch that the run was pending or owed in.
    #[inline]
    pub(crate) fn cancel_in(&self) -> Option<Epoch> {
        let step = self.update(Ordering::Relaxed, State::cancel);
        step.outcome.then(|| step.after.epoch())
    }

    /// Starts the pending or owed run now, even inside the window: the one exception from G1. A new window
    /// starts.
    ///
    /// Cost: one load if there is nothing to do; otherwise one compare-and-swap and one fence.
    #[inline]
    pub fn flush(&self, now: Timestamp) -> Flushed<'_> {
        let step = self.update(Ordering::Relaxed, |state| state.flush(now));
        match step.outcome {
            Flush::Run => Flushed::Run(self.started(step.before, step.after)),
            Flush::Busy => Flushed::Busy,
            Flush::Nothing => Flushed::Nothing,
        }
    }

    /// Changes the threshold. The change applies to the present window, too.
    ///
    /// Wake all who wait for a deadline, so that they learn the new one.
    #[inline]
    pub fn set_threshold(&self, threshold: impl Into<Threshold>) {
        // ORDERING: Relaxed; see `threshold`.
        self.threshold.store(threshold.into().as_nanos(), Ordering::Relaxed);
    }

    /// The state at this moment. Another thread may have moved it on before you look at the value.
    ///
    /// A caller that sees here that a run has finished also sees what the run wrote.
    #[inline]
    #[must_use]
    pub fn state(&self) -> State {
        // Later moves of the word are read-modify-writes and so continue the release sequence of a finish.
        State::from_word(self.word.load(ordering(&orders::LOOK)))
    }

    /// The shortest time between the starts of two runs.
    #[inline]
    #[must_use]
    pub fn threshold(&self) -> Threshold {
        // ORDERING: Relaxed. The threshold publishes nothing; a decision may use the value from just
        // before or just after a concurrent change. A call that happens after a change sees it.
        Threshold::from_nanos(self.threshold.load(Ordering::Relaxed))
    }

    /// `Err` is never [`Fire::Run`].
    fn fire(&self, epoch: Epoch, now: Timestamp) -> Result<Run<'_>, Fire> {
        let step = self.update(Ordering::Relaxed, |state| state.fire(epoch, now, self.threshold()));
        match step.outcome {
            Fire::Run => Ok(self.started(step.before, step.after)),
            outcome => Err(outcome),
        }
    }

    fn abandon(&self, epoch: Epoch) -> Abandon {
        self.update(Ordering::Relaxed, |state| state.abandon(epoch)).outcome
    }

    #[inline]
    fn finish(&self, epoch: Epoch) -> (Finish, State) {
        let step = self.update(ordering(&orders::FINISH), |state| state.finish(epoch));
        (step.outcome, step.after)
    }

    #[inline]
    fn arrival(&self, before: State, outcome: Arrive, after: State) -> Arrival<'_> {
        match outcome {
            Arrive::Run => Arrival::Run(self.started(before, after)),
            Arrive::Defer { .. } => Arrival::Defer(Deferral::new(self, after.epoch())),
            Arrive::Coalesced => Arrival::Coalesced(after.epoch()),
        }
    }

    #[inline]
    fn started(&self, before: State, after: State) -> Run<'_> {
        // Store buffering: the caller writes its data and reads the word, the runner writes the word and reads the
        // data. With an acquire fence both could miss each other.
        fence(&orders::START);
        Run::new(self, after.epoch(), before)
    }

    /// The one retry loop. A transition to the same state writes nothing.
    #[inline]
    fn update<O>(&self, success: Ordering, transition: impl Fn(State) -> (State, O)) -> Step<O> {
        // ORDERING: Relaxed. The value is only a guess, which the compare-and-swap checks. The fence of the
        // caller orders a decision that changes nothing.
        let mut before = State::from_word(self.word.load(Ordering::Relaxed));
        loop {
            let (after, outcome) = transition(before);
            if after == before {
                return Step { before, outcome, after };
            }
            // ORDERING: `success` is Release to finish a run. Otherwise it is Relaxed, because the fences
            // before and after a decision carry its visibility. A failure is only a new guess.
            match self.word.compare_exchange_weak(
                before.to_word(),
                after.to_word(),
                success,
                Ordering::Relaxed,
            ) {
                Ok(_) => return Step { before, outcome, after },
                Err(word) => before = State::from_word(word),
            }
        }
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("state", &self.state()).field("threshold", &self.threshold()).finish()
    }
}
