//! The guards. The holder of a guard owes the gate a move; dropping the guard makes it.

use super::Gate;
use crate::state::{Abandon, Epoch, Fire, State};
use crate::time::Timestamp;
use core::mem;

/// What an arriving call has to do.
#[derive(Debug)]
#[must_use = "dropping a `Run` finishes it, dropping a `Deferral` leaves its run owed"]
pub enum Arrival<'g> {
    /// Run now.
    Run(Run<'g>),
    /// Keep the deferral, and [`fire`](Deferral::fire) it when it is due.
    Defer(Deferral<'g>),
    /// Nothing: the run that is pending in this epoch covers the call.
    Coalesced(Epoch),
}

/// What the owner of a deferral has to do.
#[derive(Debug)]
#[must_use = "dropping a `Run` finishes it, dropping a `Deferral` leaves its run owed"]
pub enum Fired<'g> {
    /// Run now.
    Run(Run<'g>),
    /// Nothing: a run that started since covers the deferral.
    Gone,
    /// Nothing: the deferral was cancelled.
    Cancelled,
    /// A run is in progress: fire again when it has finished.
    Busy(Deferral<'g>),
    /// The window is not over: fire again at `due`.
    Early {
        /// The deferral, still owned.
        deferral: Deferral<'g>,
        /// When the window ends, by the threshold at the decision.
        due: Timestamp,
    },
}

/// What the caller of a flush has to do.
#[derive(Debug)]
#[must_use = "dropping a `Run` finishes it"]
pub enum Flushed<'g> {
    /// Run now.
    Run(Run<'g>),
    /// Nothing: a run is in progress. What is pending stays pending.
    Busy,
    /// Nothing: no run is pending or owed.
    Nothing,
}

/// The run that is in progress. While it lives no other run starts (G2).
///
/// ```
/// use atomic_throttle::{Gate, Threshold, Timestamp};
///
/// static GATE: Gate = Gate::new(Threshold::from_nanos(10));
/// if let Ok(run) = GATE.try_start(Timestamp::from_nanos(5)) {
///     println!("the work of {:?}", run.epoch());
///     run.finish(); // The drop would do the same.
/// }
/// assert!(!GATE.state().is_running());
/// ```
///
/// Dropping it finishes the run, during unwinding as well (G6): a panicking run has run, its window
/// counts, and what was deferred meanwhile stays pending.
///
/// If it is leaked (`mem::forget`), the run stays in progress for ever.
#[derive(Debug)]
#[must_use = "dropping a `Run` finishes it at once"]
pub struct Run<'g> {
    gate: &'g Gate,
    epoch: Epoch,
    /// The state that it started from.
    before: State,
}

impl<'g> Run<'g> {
    #[inline]
    pub(super) fn new(gate: &'g Gate, epoch: Epoch, before: State) -> Self {
        Self { gate, epoch, before }
    }

    /// Leaves the run in progress and gives up the guard. [`Gate::resume`] makes another one: in another
    /// thread, or in a task that cannot borrow the gate. Without that the run never finishes.
    pub fn detach(self) -> DetachedRun {
        let detached = DetachedRun { epoch: self.epoch, before: self.before };
        mem::forget(self);
        detached
    }

    /// Ends the run and returns the state after it. If that [has an owner](State::has_owner), wake the owner:
    /// it may be its turn.
    #[inline]
    #[allow(clippy::must_use_candidate, reason = "a driver that polls its deferral has no use for the state")]
    pub fn finish(self) -> State {
        let (_, after) = self.gate.finish(self.epoch);
        mem::forget(self);
        after
    }

    /// The epoch that this run opened. Its [`started_at`](Epoch::started_at) is the start of the window.
    #[inline]
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Whether this run replaced a deferral that had an owner: one that was claimed, detached or leaked counts
    /// as well. Unless you are that owner, wake it: its next [`fire`](Deferral::fire) returns [`Fired::Gone`].
    #[inline]
    #[must_use]
    pub fn released_owner(&self) -> bool {
        self.before.has_owner()
    }

    /// Whether this run replaced an owed one: it covers the calls of an owner that left.
    #[inline]
    #[must_use]
    pub fn adopted(&self) -> bool {
        self.before.is_owed()
    }
}

impl Drop for Run<'_> {
    #[inline]
    fn drop(&mut self) {
        let _ = self.gate.finish(self.epoch);
    }
}

/// A run in progress without a guard: [`Run::detach`] gives it up, [`Gate::resume`] takes it up again.
///
/// ```
/// use atomic_throttle::{Gate, Threshold, Timestamp};
///
/// static GATE: Gate = Gate::new(Threshold::from_nanos(10));
/// let detached = GATE.try_start(Timestamp::from_nanos(5)).unwrap().detach();
/// // Elsewhere, later:
/// GATE.resume(detached).finish();
/// ```
///
/// It borrows nothing, so it can wait in a queue, a `static` or a task. There is one for each detached run, and
/// it cannot be copied: so no run is resumed twice. If it is dropped, the run stays in progress for ever.
#[derive(Debug)]
#[must_use = "the run is in progress until somebody resumes it"]
pub struct DetachedRun {
    pub(super) epoch: Epoch,
    /// The state that the run started from.
    pub(super) before: State,
}

impl DetachedRun {
    /// The epoch that the run opened.
    #[inline]
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }
}

/// The one deferral that is pending: its holder is the owner (G4).
///
/// ```
/// use atomic_throttle::gate::{Arrival, Fired};
/// use atomic_throttle::{Gate, Threshold, Timestamp};
///
/// static GATE: Gate = Gate::new(Threshold::from_nanos(10));
/// let at = Timestamp::from_nanos;
/// drop(GATE.arrive(at(5))); // A first run opens the window.
///
/// let Arrival::Defer(deferral) = GATE.arrive(at(6)) else { panic!("the window is not over") };
/// let due = deferral.due();
/// let Fired::Run(run) = deferral.fire(due) else { panic!("it is due") };
/// run.finish();
/// ```
///
/// Dropping it abandons the run, during unwinding as well (G6): the run is then *owed*, visibly, and the
/// next call adopts it. Firing consumes the guard, so it cannot fire twice.
///
/// If it is leaked (`mem::forget`), the run stays pending without an owner. [`Gate::arrive`],
/// [`Gate::try_start`] and [`Gate::flush`] take it over.
#[derive(Debug)]
#[must_use = "dropping a `Deferral` leaves its run owed"]
pub struct Deferral<'g> {
    gate: &'g Gate,
    epoch: Epoch,
}

impl<'g> Deferral<'g> {
    #[inline]
    pub(super) fn new(gate: &'g Gate, epoch: Epoch) -> Self {
        Self { gate, epoch }
    }

    /// Starts the run if it is this owner's turn.
    ///
    /// Cost: one load, at most one successful compare-and-swap; to run, one more fence.
    #[inline]
    pub fn fire(self, now: Timestamp) -> Fired<'g> {
        let gate = self.gate;
        let spent = match gate.fire(self.epoch, now) {
            Ok(run) => Fired::Run(run),
            Err(Fire::Early { due }) => return Fired::Early { deferral: self, due },
            Err(Fire::Busy) => return Fired::Busy(self),
            Err(Fire::Cancelled) => Fired::Cancelled,
            Err(Fire::Run | Fire::Gone) => Fired::Gone,
        };
        // Nothing is left to abandon.
        mem::forget(self);
        spent
    }

    /// Leaves the deferral pending and gives up the guard. [`Gate::claim`] makes another one. Without that
    /// the deferral has no owner.
    #[must_use = "the deferral has no owner until somebody claims it"]
    pub fn detach(self) -> Epoch {
        let epoch = self.epoch;
        mem::forget(self);
        epoch
    }

    /// Leaves without having run. The same as dropping it, but returns what became of the run.
    pub fn abandon(self) -> Abandon {
        let outcome = self.gate.abandon(self.epoch);
        mem::forget(self);
        outcome
    }

    /// The epoch that the deferral was made in. A run with a greater epoch covers it.
    #[inline]
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// When the run is due, by the present threshold: the end of the window that the deferral was made in.
    /// Another run may have covered it since; [`fire`](Self::fire) says so.
    #[must_use]
    pub fn due(&self) -> Timestamp {
        self.epoch.window_end(self.gate.threshold())
    }
}

impl Drop for Deferral<'_> {
    fn drop(&mut self) {
        let _ = self.gate.abandon(self.epoch);
    }
}
