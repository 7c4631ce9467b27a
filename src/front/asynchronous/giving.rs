//! What every payload does alike: a flush is given what is there, and a take gives up the pending run.

use super::guard::OwnedRun;
use super::{AsyncThrottle, NoRuntime, Runtime};
use crate::front::observe::Edge;
use crate::front::outcome::NotFlushed;
use crate::front::owner::ticket::Ticket;
use crate::front::payload::Payload;
use crate::front::throttle::has_lost_all_others;
use crate::gate::Flushed;
use std::sync::Arc;

impl<R: Runtime, P: Payload> AsyncThrottle<R, P> {
    pub(super) fn flush_given<T: 'static, Fut>(
        &self,
        f: impl FnOnce(&mut OwnedRun<R, P>) -> Fut + Send + 'static,
    ) -> Result<Ticket<'_>, NotFlushed>
    where
        Fut: Future<Output = T> + Send + 'static,
    {
        let (shared, payload) = (&self.shared, &self.shared.payload);
        self.prepare().map_err(|NoRuntime| NotFlushed::NoRuntime)?;
        let now = shared.runtime.now();
        if payload.is_lost(has_lost_all_others) {
            return Err(NotFlushed::Ended);
        }
        let (run, given) = payload.start(|| match shared.frame.gate.flush(now) {
            Flushed::Run(run) => Ok(run),
            Flushed::Busy => Err(NotFlushed::Running),
            Flushed::Nothing => Err(NotFlushed::NothingPending),
        })?;
        let mut started = OwnedRun::new(Arc::clone(&self.shared), run, Edge::Flushed);
        let Some(given) = given else {
            started.end_empty();
            return Err(NotFlushed::NothingPending);
        };
        started.give(given);
        let flushed = self.spawn_run(started, f, drop);
        flushed.spawned.map_err(|NoRuntime| NotFlushed::NoRuntime)?;
        Ok(flushed.ticket)
    }

    /// What no run was given. The pending run is given up in the same step.
    pub(super) fn take_given(&self) -> Option<P::Given> {
        let mut cancelled = None;
        let cancel = || cancelled = self.shared.frame.gate.cancel_in();
        let given = self.shared.payload.take(has_lost_all_others, cancel);
        self.tell_of_cancel(cancelled);
        given
    }
}
