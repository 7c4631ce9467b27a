//! [`Gate`]: the one atomic word, the one retry loop, and the guards that move it.
//!
//! The gate decides and does nothing else: it never waits, reads no clock and calls no function. Each
//! operation takes the time as an argument and returns what to do next. Use it where you have an event
//! loop of your own (embedded, games, another runtime); [`Throttle`](crate::Throttle) is the gate with a
//! clock and a way to wait.
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
//! G1 to G4 and G6 to G8 hold for every use of the gate, but that with [`claim`](Gate::claim) the one
//! owner of G4 is the caller's part. So is G5 (a pending run is performed): call [`Deferral::fire`] at
//! [`Deferral::due`], and again when a run has finished.
//!
//! # Cost
//!
//! [`coalesce`](Gate::coalesce) is one fence and one load, wait-free. Every other operation is one load of
//! the word, at most one of the threshold, and at most one successful compare-and-swap, lock-free; one
//! that starts a run adds a fence.

mod guard;

pub use self::guard::{Arrival, Deferral, Fired, Flushed, Run};

use crate::state::{Abandon, Arrive, Epoch, Finish, Fire, Flush, Owe, Refused, Request, State, TryStart};
use crate::sync::{AtomicU64, AtomicWord, Ordering, const_unless_loom, fence};
use crate::time::{Threshold, Timestamp};
use core::fmt;

/// Decides, for any number of threads, which call runs, which waits and which coalesces.
///
/// 16 bytes, `const` to build, no allocation. See the [module](self) for an example, guarantees and
/// cost.
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

    /// Whether the pending run covers this call: `Some` with the epoch that it was pending in.
    ///
    /// This is the fast path of every call that wants a run and does not care who performs it. It takes
    /// no time, so it cannot notice that a pending run is overdue: where an owner may never come back,
    /// call [`arrive`](Self::arrive), which takes over.
    ///
    /// Everything that the caller wrote before, through atomics, locks or any other `Sync` type, is
    /// visible to that run (G3). Plain memory shared by `unsafe` code is not covered by this.
    ///
    /// Cost: one fence, one load. Writes nothing.
    #[inline]
    #[must_use = "a call that was not coalesced is not covered by any run"]
    pub fn coalesce(&self) -> Option<Epoch> {
        Self::publish_before_deciding();
        // ORDERING: Relaxed. The fence above orders the caller's writes before this load; nothing is
        // read on the strength of the value.
        let state = State::from_word(self.word.load(Ordering::Relaxed));
        state.is_pending().then(|| state.epoch())
    }

    /// A caller that is willing to run now, or to own the deferral.
    ///
    /// Takes over a pending run that is overdue, and adopts one that is owed.
    ///
    /// Cost: one fence, one load, at most one successful compare-and-swap; one fence more to run.
    #[inline]
    pub fn arrive(&self, now: Timestamp) -> Arrival<'_> {
        Self::publish_before_deciding();
        self.arrive_uncoalesced(now)
    }

    /// As [`arrive`](Self::arrive), for a call whose [`coalesce`](Self::coalesce) has just said `None`:
    /// the fence of that one covers this decision as well.
    #[inline]
    pub(crate) fn arrive_uncoalesced(&self, now: Timestamp) -> Arrival<'_> {
        let step = self.update(Ordering::Relaxed, |state| state.arrive(now, self.threshold()));
        self.arrival(step.before, step.outcome, step.after)
    }

    /// As [`arrive`](Self::arrive), for a caller that takes no deferral that is due after `latest`.
    ///
    /// # Errors
    ///
    /// [`Refused::Closed`] with the end of the window if that is after `latest`. Nothing was recorded.
    #[inline]
    pub fn arrive_by(&self, now: Timestamp, latest: Timestamp) -> Result<Arrival<'_>, Refused> {
        Self::publish_before_deciding();
        self.arrive_by_uncoalesced(now, latest)
    }

    /// As [`arrive_by`](Self::arrive_by), after a [`coalesce`](Self::coalesce) that said `None`.
    #[inline]
    pub(crate) fn arrive_by_uncoalesced(
        &self,
        now: Timestamp,
        latest: Timestamp,
    ) -> Result<Arrival<'_>, Refused> {
        let step = self.update(Ordering::Relaxed, |state| state.arrive_by(now, latest, self.threshold()));
        step.outcome.map(|outcome| self.arrival(step.before, outcome, step.after))
    }

    /// A caller that leaves the run to the one background owner: an interrupt handler, say.
    ///
    /// On [`Request::Requested`] wake that owner; it takes the deferral with [`claim`](Self::claim).
    ///
    /// Cost: one fence, one load, at most one successful compare-and-swap. No clock.
    #[inline]
    pub fn request(&self) -> (Request, Epoch) {
        Self::publish_before_deciding();
        let step = self.update(Ordering::Relaxed, State::request);
        (step.outcome, step.after.epoch())
    }

    /// Takes the deferral that [`request`](Self::request) made in `epoch`, or that was
    /// [detached](Deferral::detach).
    ///
    /// For the one owner, once for each [`Request::Requested`] or detached deferral. Claiming a deferral that has
    /// another owner never runs anything twice, but when the two disagree (one leaves, one waits) the
    /// run becomes owed (G4 is the caller's part here).
    #[inline]
    pub fn claim(&self, epoch: Epoch) -> Deferral<'_> {
        Deferral::new(self, epoch)
    }

    /// Takes up the run that was [detached](Run::detach) in `epoch`, once. Resuming one that is not in
    /// progress does nothing; resuming one twice ends it too early (G2 is the caller's part here).
    ///
    /// What the thread that started the run wrote before is visible if the epoch was handed over by
    /// anything that synchronizes.
    #[inline]
    pub fn resume(&self, epoch: Epoch) -> Run<'_> {
        Run::new(self, epoch, State::NEW)
    }

    /// A caller that can neither perform the run nor wait for it: leaves it owed, unless one is pending.
    /// The epoch is the one that the call was coalesced or left owed in.
    ///
    /// Cost: one fence, one load, at most one successful compare-and-swap. No clock.
    #[inline]
    pub fn owe(&self) -> (Owe, Epoch) {
        Self::publish_before_deciding();
        let step = self.update(Ordering::Relaxed, State::owe);
        (step.outcome, step.after.epoch())
    }

    /// A caller that runs now or not at all: the leading edge only.
    ///
    /// A run that was pending is covered by this one.
    ///
    /// Cost: one load if refused; else one compare-and-swap and one fence.
    ///
    /// # Errors
    ///
    /// [`Refused`]: nothing was recorded, and no run is promised.
    #[inline]
    pub fn try_start(&self, now: Timestamp) -> Result<Run<'_>, Refused> {
        // No fence before the load: a refused call is promised nothing, and a run sees what its own
        // thread wrote.
        let step = self.update(Ordering::Relaxed, |state| state.try_start(now, self.threshold()));
        match step.outcome {
            TryStart::Run => Ok(self.started(step.before, step.after)),
            TryStart::Refused(refused) => Err(refused),
        }
    }

    /// Why [`try_start`](Self::try_start) would refuse a call at `now`. It decides nothing: `None` is no promise.
    ///
    /// `now` may be an estimate, behind or ahead of the clock: see [`Clock::estimate`](crate::Clock::estimate).
    ///
    /// Cost: one load of the word, at most one of the threshold. Writes nothing.
    #[inline]
    #[must_use]
    pub fn refuses(&self, now: Timestamp) -> Option<Refused> {
        // ORDERING: Relaxed. As for a refusal of `try_start`: the call is promised nothing.
        State::from_word(self.word.load(Ordering::Relaxed)).refuses(now, self.threshold())
    }

    /// Gives up the pending or owed run. The window stays: the next run keeps its distance.
    ///
    /// Returns whether there was one. If the deferral had a live owner, wake it: its next
    /// [`fire`](Deferral::fire) tells it. A call that comes before that revives the deferral.
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

    /// Starts the pending or owed run now, window or not: the one exception from G1. The window starts
    /// anew.
    ///
    /// Cost: one load if there is nothing to do; else one compare-and-swap and one fence.
    #[inline]
    pub fn flush(&self, now: Timestamp) -> Flushed<'_> {
        let step = self.update(Ordering::Relaxed, |state| state.flush(now));
        match step.outcome {
            Flush::Run => Flushed::Run(self.started(step.before, step.after)),
            Flush::Busy => Flushed::Busy,
            Flush::Nothing => Flushed::Nothing,
        }
    }

    /// The state at this moment. Another thread may have moved it on before you look at the value.
    ///
    /// What a run wrote is visible to whoever sees here that it has finished.
    #[inline]
    #[must_use]
    pub fn state(&self) -> State {
        // ORDERING: Acquire. Pairs with the Release of `finish`: whoever sees a run finished sees what
        // it did. Later moves of the word are read-modify-writes and so continue its release sequence.
        State::from_word(self.word.load(Ordering::Acquire))
    }

    /// The shortest time between the starts of two runs.
    #[inline]
    #[must_use]
    pub fn threshold(&self) -> Threshold {
        // ORDERING: Relaxed. The threshold publishes nothing; a decision may use the value from just
        // before or just after a concurrent change. A call that happens after a change sees it.
        Threshold::from_nanos(self.threshold.load(Ordering::Relaxed))
    }

    /// Changes the threshold. It applies to the window that is open now, too.
    ///
    /// Whoever waits for a deadline must be woken to learn the new one.
    #[inline]
    pub fn set_threshold(&self, threshold: Threshold) {
        // ORDERING: Relaxed; see `threshold`.
        self.threshold.store(threshold.as_nanos(), Ordering::Relaxed);
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
        // ORDERING: Release. Publishes what the run did to whoever sees that it has finished: the
        // Acquire load of `state`, and the next run through the fence in `started`.
        let step = self.update(Ordering::Release, |state| state.finish(epoch));
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
        // ORDERING: SeqCst. Pairs with the fence of every call that may be told that a run covers it:
        // either that call sees the word as this start left it, or this run sees what the caller wrote.
        // It is also the acquire side of `finish`, so that a run sees the one before it, and of the
        // deferrals that it takes over. An acquire fence would let both miss each other.
        fence(Ordering::SeqCst);
        Run::new(self, after.epoch(), before)
    }

    #[inline]
    fn publish_before_deciding() {
        // ORDERING: SeqCst. Pairs with the fence after every start (store buffering: the caller writes
        // its data and reads the word, the runner writes the word and reads the data). It is also the
        // release side of a deferral that another caller takes over.
        fence(Ordering::SeqCst);
    }

    /// The one retry loop. A transition to the same state writes nothing.
    #[inline]
    fn update<O>(&self, success: Ordering, transition: impl Fn(State) -> (State, O)) -> Step<O> {
        // ORDERING: Relaxed. The value is only a guess, which the compare-and-swap checks; a decision
        // that changes nothing is ordered by the fence that its caller made.
        let mut before = State::from_word(self.word.load(Ordering::Relaxed));
        loop {
            let (after, outcome) = transition(before);
            if after == before {
                return Step { before, outcome, after };
            }
            // ORDERING: `success` is Release to finish a run and Relaxed else, because the fences
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
