//! What becomes of a call that did not coalesce at once.

use super::{Coalesced, Outcome, Throttle};
use crate::clock::Clock;
use crate::front::observe::{self, Edge, Source};
use crate::front::wait::{Turn, Waiting};
use crate::gate::{Arrival, Deferral};
use crate::state::{Epoch, Owe};
use crate::sync::{Forked, Ordering, this_thread};
use crate::time::Timestamp;

impl<C: Clock> Throttle<C> {
    // Not inlined: a coalesced call would save the registers that this needs.
    #[inline(never)]
    pub(super) fn run_uncoalesced<T>(&self, f: impl FnOnce() -> T) -> Outcome<'_, T, C> {
        if self.is_inside_run() {
            return self.leave_owed();
        }
        self.settle(self.gate.arrive_uncoalesced(self.clock.now()), None, f)
    }

    #[inline]
    pub(super) fn settle<'t, T>(
        &'t self,
        arrival: Arrival<'t>,
        limit: Option<Timestamp>,
        f: impl FnOnce() -> T,
    ) -> Outcome<'t, T, C> {
        match arrival {
            Arrival::Run(run) => Outcome::RanAtOnce(self.take_over(run, Edge::Leading, f)),
            Arrival::Coalesced(epoch) => Outcome::Coalesced(Coalesced::new(self, epoch)),
            Arrival::Defer(deferral) => self.own(deferral, limit, f),
        }
    }

    /// A call inside a run cannot wait for its end.
    #[cold]
    pub(super) fn leave_owed<T>(&self) -> Outcome<'_, T, C> {
        match self.gate.owe() {
            (Owe::Owed, epoch) => {
                observe::left_owed(self.source(), epoch);
                Outcome::Owed
            }
            (Owe::Coalesced, epoch) => Outcome::Coalesced(Coalesced::new(self, epoch)),
        }
    }

    #[cold]
    fn own<'t, T>(
        &'t self,
        deferral: Deferral<'t>,
        limit: Option<Timestamp>,
        f: impl FnOnce() -> T,
    ) -> Outcome<'t, T, C> {
        let epoch = deferral.epoch();
        if observe::ENABLED {
            observe::deferred(self.source(), deferral.due());
        }
        self.finish_lost_run();
        let left_owed = || observe::abandoned(self.source(), epoch);
        match self.waiting().for_turn(deferral, limit, left_owed) {
            Turn::Run(run) => Outcome::RanDeferred(self.perform(run, Edge::Trailing, f)),
            Turn::Gone => Outcome::Coalesced(Coalesced::new(self, epoch)),
            Turn::Cancelled => Outcome::Cancelled,
            Turn::Owed => Outcome::Owed,
        }
    }

    /// In a forked child: finishes a run whose thread is in the parent, and returns its epoch. A wait for it would
    /// never end. Only the thread that forked can tell, see [`Forked::look`].
    #[cold]
    pub(super) fn finish_lost_run(&self) -> Option<Epoch> {
        let forked = Forked::look()?;
        let state = self.gate.state();
        // ORDERING: Relaxed. A lost thread wrote its number before the fork.
        let is_lost = state.is_running() && forked.has_lost(self.runner.load(Ordering::Relaxed));
        is_lost.then(|| {
            let _ = self.gate.finish_lost(state.epoch());
            self.waiting().notify();
            state.epoch()
        })
    }

    /// In a forked child: leaves owed what a thread in the parent was to perform. A thread of the child that has
    /// just deferred, and has no number yet, is taken for one of the parent: what it was to perform is owed then.
    #[cold]
    pub(super) fn abandon_lost_deferral(&self) {
        let state = self.gate.state();
        if state.has_owner() && Forked::look().is_some_and(Forked::is_alone) {
            let _ = self.gate.claim(state.epoch()).abandon();
        }
    }

    #[inline]
    pub(super) fn is_inside_run(&self) -> bool {
        // ORDERING: Relaxed. A thread asks only whether it wrote its own number itself.
        let runner = self.runner.load(Ordering::Relaxed);
        runner != 0 && runner == this_thread()
    }

    pub(super) fn source(&self) -> Source<'_> {
        Source { front: "Throttle", gate: &self.gate }
    }

    #[inline]
    pub(crate) fn waiting(&self) -> Waiting<'_, C> {
        Waiting { gate: &self.gate, clock: &self.clock, event: &self.event, waiters: &self.waiters }
    }
}
