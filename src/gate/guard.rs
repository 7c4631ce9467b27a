//! The guards: whoever holds one owes the gate a move, and makes it by dropping the guard at the latest.

use super::Gate;
use crate::state::{Abandon, Epoch, Fire, State};
use crate::time::Timestamp;
use core::mem;

/// What a call that arrives is to do.
#[derive(Debug)]
#[must_use = "dropping a `Run` finishes it, dropping a `Deferral` leaves its run owed"]
pub enum Arrival<'g> {
    /// Run now.
    Run(Run<'g>),
    /// Own the deferral: [`fire`](Deferral::fire) it when it is due.
    Defer(Deferral<'g>),
    /// Nothing: the run that is pending in this epoch covers the call.
    Coalesced(Epoch),
}

/// What the owner of a deferral is to do.
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
        /// When the window ends, as the threshold stood at the decision.
        due: Timestamp,
    },
}

/// What a flush is to do.
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
/// Dropping it finishes the run, during unwinding as well (G6): a panicking run has run, its window
/// counts, and what was deferred meanwhile stays pending.
///
/// Leaking it (`mem::forget`) leaves the run in progress for ever.
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

    /// The epoch that this run opened. Its [`started_at`](Epoch::started_at) is the start of the window.
    #[inline]
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Whether this run started in place of a deferral that had a live owner. Unless you are that owner,
    /// wake it: its next [`fire`](Deferral::fire) tells it that it may leave.
    #[inline]
    #[must_use]
    pub fn released_owner(&self) -> bool {
        self.before.has_owner()
    }

    /// Whether this run started in place of one that was owed: it covers the calls of an owner that left.
    #[inline]
    #[must_use]
    pub fn adopted(&self) -> bool {
        self.before.is_owed()
    }

    /// Leaves the run in progress, for whoever takes it up with [`Gate::resume`]: another thread, or a
    /// task that has no lifetime to borrow the gate for. If nobody does, it never finishes.
    #[must_use = "the run is in progress until somebody resumes it"]
    pub fn detach(self) -> Epoch {
        let epoch = self.epoch;
        mem::forget(self);
        epoch
    }

    /// Ends the run and returns the state left behind: if that
    /// [has an owner](State::has_owner), wake it, for it may be its turn.
    #[inline]
    #[allow(clippy::must_use_candidate, reason = "a driver that polls its deferral has no use for the state")]
    pub fn finish(self) -> State {
        let (_, after) = self.gate.finish(self.epoch);
        mem::forget(self);
        after
    }
}

impl Drop for Run<'_> {
    #[inline]
    fn drop(&mut self) {
        let _ = self.gate.finish(self.epoch);
    }
}

/// The one deferral that is pending: its holder is the owner (G4).
///
/// Dropping it abandons the run, during unwinding as well (G6): the run is then *owed*, visibly, and the
/// next call adopts it. Firing consumes the guard, so it cannot fire twice.
///
/// Leaking it (`mem::forget`) leaves the run pending without an owner;
/// [`Gate::arrive`], [`Gate::try_start`] and [`Gate::flush`] take it over.
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

    /// The epoch that the deferral was made in. A run with a greater epoch covers it.
    #[inline]
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// When the run is due, as the threshold stands now: the end of the window.
    #[must_use]
    pub fn due(&self) -> Timestamp {
        self.epoch.window_end(self.gate.threshold())
    }

    /// Asks whether it is this owner's turn.
    ///
    /// Cost: one load, at most one successful compare-and-swap; one fence more to run.
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

    /// Leaves the deferral pending, for whoever takes it up with [`Gate::claim`]. If nobody does, it has no
    /// owner.
    #[must_use = "the deferral has no owner until somebody claims it"]
    pub fn detach(self) -> Epoch {
        let epoch = self.epoch;
        mem::forget(self);
        epoch
    }

    /// Leaves without having run. The same as dropping it, but tells what became of the run.
    pub fn abandon(self) -> Abandon {
        let outcome = self.gate.abandon(self.epoch);
        mem::forget(self);
        outcome
    }
}

impl Drop for Deferral<'_> {
    fn drop(&mut self) {
        let _ = self.gate.abandon(self.epoch);
    }
}
