//! What every payload does alike: a flush is given what is there, and a take gives up the pending run.

use super::Throttle;
use super::core::has_lost_all_others;
use crate::clock::Clock;
use crate::front::observe::Edge;
use crate::front::outcome::NotFlushed;
use crate::front::payload::Payload;
use crate::gate::Flushed;

impl<C: Clock, P: Payload> Throttle<C, P> {
    pub(super) fn flush_given<R>(&self, f: impl FnOnce(P::Given) -> R) -> Result<R, NotFlushed> {
        let now = self.core.clock.now();
        if self.payload.is_lost(has_lost_all_others) {
            return Err(NotFlushed::Ended);
        }
        let flush = || match self.core.gate.flush(now) {
            Flushed::Run(run) => Ok(run),
            Flushed::Busy => Err(NotFlushed::Running),
            Flushed::Nothing => Err(NotFlushed::NothingPending),
        };
        let (run, given) = self.payload.start(flush)?;
        if run.released_owner() {
            self.core.waiting().notify();
        }
        self.perform(run, given, Edge::Flushed, f).map_err(|_covered| NotFlushed::NothingPending)
    }

    /// What no run was given. The pending run is given up in the same step.
    pub(super) fn take_given(&self) -> Option<P::Given> {
        let mut cancelled = None;
        let given = self.payload.take(has_lost_all_others, || cancelled = self.core.gate.cancel_in());
        self.tell_of_cancel(cancelled);
        given
    }
}
