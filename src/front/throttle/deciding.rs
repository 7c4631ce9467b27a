//! What becomes of a call that did not coalesce at once, where no lock belongs to the payload.

use super::core::Core;
use super::{Coalesced, Throttle};
use crate::clock::Clock;
use crate::front::observe::{self, Edge};
use crate::front::outcome::Outcome;
use crate::front::payload::Payload;
use crate::front::wait::Turn;
use crate::gate::{Arrival, Deferral, Fired, Run};
use crate::state::{Epoch, Owe, Refused};
use crate::time::Timestamp;
use core::convert::Infallible;
use core::time::Duration;

impl<C: Clock, P: Payload> Throttle<C, P> {
    // Not inlined: a coalesced call would save the registers that this needs.
    #[inline(never)]
    pub(super) fn run_uncoalesced<R>(&self, f: impl FnOnce(P::Given) -> R) -> Outcome<R, Coalesced<'_, C>> {
        if self.core.is_inside_run() {
            return self.core.leave_owed();
        }
        self.settle(self.core.gate.arrive_uncoalesced(self.core.clock.now()), None, f)
    }

    pub(super) fn run_within_given<R>(
        &self,
        max_wait: Duration,
        f: impl FnOnce(P::Given) -> R,
    ) -> Result<Outcome<R, Coalesced<'_, C>>, Refused> {
        let core = &self.core;
        if let Some(epoch) = core.gate.coalesce() {
            return Ok(Outcome::Coalesced(Coalesced::new(core, epoch)));
        }
        if core.is_inside_run() {
            return Ok(core.leave_owed());
        }
        let now = core.clock.now();
        let limit = now.saturating_add(max_wait);
        Ok(self.settle(core.gate.arrive_by_uncoalesced(now, limit)?, Some(limit), f))
    }

    #[inline]
    pub(super) fn settle<'t, R>(
        &'t self,
        arrival: Arrival<'t>,
        limit: Option<Timestamp>,
        f: impl FnOnce(P::Given) -> R,
    ) -> Outcome<R, Coalesced<'t, C>> {
        match arrival {
            Arrival::Run(run) => {
                let Ok((run, given)) = self.payload.start(|| Ok::<_, Infallible>(run));
                if run.released_owner() {
                    self.core.waiting().notify();
                }
                self.perform(run, given, Edge::Leading, f).map_or_else(Outcome::Coalesced, Outcome::RanAtOnce)
            }
            Arrival::Coalesced(epoch) => Outcome::Coalesced(Coalesced::new(&self.core, epoch)),
            Arrival::Defer(deferral) => self.own(deferral, limit, f),
        }
    }

    /// Waits as the owner of `deferral`, and runs.
    #[cold]
    pub(super) fn own<'t, R>(
        &'t self,
        deferral: Deferral<'t>,
        limit: Option<Timestamp>,
        f: impl FnOnce(P::Given) -> R,
    ) -> Outcome<R, Coalesced<'t, C>> {
        let core = &self.core;
        let epoch = deferral.epoch();
        if observe::ENABLED {
            observe::deferred(core.source(), deferral.due());
        }
        core.finish_lost_run();
        let left_owed = || observe::abandoned(core.source(), epoch);
        let fire = |deferral: Deferral<'t>, now| {
            self.payload.start(|| match deferral.fire(now) {
                Fired::Run(run) => Ok(run),
                not_started => Err(not_started),
            })
        };
        match core.waiting().for_turn(deferral, limit, fire, left_owed) {
            Turn::Run((run, given)) => self
                .perform(run, given, Edge::Trailing, f)
                .map_or_else(Outcome::Coalesced, Outcome::RanDeferred),
            Turn::Gone => Outcome::Coalesced(Coalesced::new(core, epoch)),
            Turn::Cancelled => Outcome::Cancelled,
            Turn::Owed => Outcome::Owed,
        }
    }

    /// Performs a run, or ends it at once if nothing is there for it: a run before it was given what its calls left.
    /// So that one covers the call, and the handle says so.
    #[inline]
    pub(super) fn perform<R>(
        &self,
        run: Run<'_>,
        given: Option<P::Given>,
        edge: Edge,
        f: impl FnOnce(P::Given) -> R,
    ) -> Result<R, Coalesced<'_, C>> {
        match given {
            Some(given) => Ok(self.core.perform(run, edge, || f(given))),
            None => Err(self.core.end_empty(run)),
        }
    }
}

impl<C: Clock> Core<C> {
    /// A call inside a run cannot wait for its end.
    #[cold]
    pub(super) fn leave_owed<R>(&self) -> Outcome<R, Coalesced<'_, C>> {
        self.was_owed(self.gate.owe())
    }

    pub(super) fn was_owed<R>(&self, (owe, epoch): (Owe, Epoch)) -> Outcome<R, Coalesced<'_, C>> {
        match owe {
            Owe::Owed => {
                observe::left_owed(self.source(), epoch);
                Outcome::Owed
            }
            Owe::Coalesced => Outcome::Coalesced(Coalesced::new(self, epoch)),
        }
    }
}
