//! Calls that bring a value.
//!
//! Each step is one with the value under the lock of the payload, and so is each start: the call coalesces, or it
//! starts a run, or it becomes the owner of the deferral, or it leaves a run owed. A run that is pending or owed has a
//! value, and a run takes all values. The clock is read before the lock is taken.

use super::core::{Core, has_lost_all_others};
use super::{Coalesced, Throttle};
use crate::clock::Clock;
use crate::front::observe::{self, Edge};
use crate::front::outcome::Outcome;
use crate::front::payload::{NotPut, Reason, Rejected, StartedWith, Values};
use crate::gate::{Arrival, Run};
use crate::state::{Abandon, Refused};
use crate::time::Timestamp;
use core::time::Duration;
use std::panic::resume_unwind;

type Brought<'t, R, C, V> = Result<Outcome<R, Coalesced<'t, C>>, Rejected<V>>;

impl<C: Clock, P: Values> Throttle<C, P> {
    /// Without `max_wait` the call waits for as long as it takes.
    #[inline]
    pub(super) fn bring<R>(
        &self,
        value: P::Value,
        max_wait: Option<Duration>,
        f: impl FnOnce(P::Given) -> R,
    ) -> Brought<'_, R, C, P::Value> {
        match self.payload.put(value, has_lost_all_others, || self.core.gate.coalesce_unfenced()) {
            Ok((epoch, _)) => Ok(Outcome::Coalesced(Coalesced::new(&self.core, epoch))),
            Err(NotPut::Undecided(value)) => self.bring_uncoalesced(value, max_wait, f),
            Err(not_put) => Err(rejected(not_put, Refused::Running)),
        }
    }

    #[inline(never)]
    fn bring_uncoalesced<R>(
        &self,
        value: P::Value,
        max_wait: Option<Duration>,
        f: impl FnOnce(P::Given) -> R,
    ) -> Brought<'_, R, C, P::Value> {
        let Core { gate, clock, .. } = &self.core;
        if self.core.is_inside_run() {
            return self.bring_owed(value);
        }
        let now = clock.now();
        let limit = max_wait.map(|max_wait| now.saturating_add(max_wait));
        let value = match self.start_with(value, now) {
            Ok(started) => return Ok(Outcome::RanAtOnce(self.perform_started(started, f))),
            Err(Rejected { value, reason: Reason::Refused(_) }) => value,
            Err(rejected) => return Err(rejected),
        };
        let mut refused = Refused::Running;
        let defer = || {
            let arrival = gate.defer_by(now, limit.unwrap_or(Timestamp::NEVER)).map_err(|why| refused = why);
            Some(Deferring { core: &self.core, arrival: Some(arrival.ok()?) })
        };
        let put = self.payload.put_if_room(value, has_lost_all_others, defer);
        match put.map_err(|not_put| rejected(not_put, refused))?.into_arrival() {
            Arrival::Defer(deferral) => Ok(self.own(deferral, limit, f)),
            Arrival::Coalesced(epoch) => Ok(Outcome::Coalesced(Coalesced::new(&self.core, epoch))),
            Arrival::Run(_) => unreachable!("the call starts nothing"),
        }
    }

    /// A call inside a run cannot wait for its end.
    #[cold]
    fn bring_owed<R>(&self, value: P::Value) -> Brought<'_, R, C, P::Value> {
        let owe = || Some(self.core.gate.owe());
        let put = self.payload.put_if_room(value, has_lost_all_others, owe);
        put.map(|owed| self.core.was_owed(owed)).map_err(|not_put| rejected(not_put, Refused::Running))
    }

    /// Runs now or not at all.
    #[inline]
    pub(super) fn bring_at_once<R>(
        &self,
        value: P::Value,
        f: impl FnOnce(P::Given) -> R,
    ) -> Result<R, Rejected<P::Value>> {
        let now = match self.core.now_unless_refused() {
            Ok(now) => now,
            Err(refused) => return Err(Rejected::refused(value, refused)),
        };
        self.start_with(value, now).map(|started| self.perform_started(started, f))
    }

    fn start_with(
        &self,
        value: P::Value,
        now: Timestamp,
    ) -> Result<StartedWith<Run<'_>, P::Given>, Rejected<P::Value>> {
        let mut refused = Refused::Running;
        let start = || self.core.gate.try_start(now).map_err(|why| refused = why).ok();
        let started = self.payload.start_with(value, has_lost_all_others, start);
        started.map_err(|not_put| rejected(not_put, refused))
    }

    /// What panicked at the start comes out afterwards: other calls may rely on the run.
    #[inline]
    fn perform_started<R>(
        &self,
        StartedWith { started, given, thrown }: StartedWith<Run<'_>, P::Given>,
        f: impl FnOnce(P::Given) -> R,
    ) -> R {
        let returned = self.core.take_over(started, Edge::Leading, || f(given));
        if let Some(thrown) = thrown {
            resume_unwind(thrown);
        }
        returned
    }
}

/// A call that was decided, and whose value is being put. Where that panics, it leaves its deferral, and wakes those who
/// wait for it.
struct Deferring<'t, C: Clock> {
    core: &'t Core<C>,
    arrival: Option<Arrival<'t>>,
}

impl<'t, C: Clock> Deferring<'t, C> {
    fn into_arrival(mut self) -> Arrival<'t> {
        self.arrival.take().expect("nobody else takes it")
    }
}

impl<C: Clock> Drop for Deferring<'_, C> {
    fn drop(&mut self) {
        if let Some(Arrival::Defer(deferral)) = self.arrival.take() {
            let epoch = deferral.epoch();
            if deferral.abandon() == Abandon::Owed {
                self.core.waiting().notify();
                observe::abandoned(self.core.source(), epoch);
            }
        }
    }
}

#[cold]
fn rejected<T>(not_put: NotPut<T>, refused: Refused) -> Rejected<T> {
    let (value, reason) = match not_put {
        NotPut::Undecided(value) => (value, Reason::Refused(refused)),
        NotPut::Full(value) => (value, Reason::Full),
        NotPut::InsideMerge(value) => (value, Reason::InsideMerge),
        NotPut::Forked(value) => (value, Reason::Forked),
    };
    Rejected { value, reason }
}
