//! Calls that bring a value.
//!
//! Each step is one with the value under the lock of the payload, and so is each start: the call coalesces, or it
//! starts a run, or it becomes the owner of the deferral. A run that is pending or owed has a value, and a run takes all
//! values. The clock is read before the lock is taken, and the task is spawned after it.

use super::body::Reply;
use super::decide::Decided;
use super::guard::{OwnedDeferral, OwnedRun};
use super::{AsyncThrottle, NoRuntime, Runtime};
use crate::front::observe::Edge;
use crate::front::outcome::Outcome;
use crate::front::owner::ticket::Ticket;
use crate::front::payload::{NotPut, Reason, Rejected, StartedWith, Values};
use crate::front::throttle::has_lost_all_others;
use crate::gate::Arrival;
use crate::time::Timestamp;
use futures_channel::oneshot;
use std::panic::resume_unwind;
use std::sync::Arc;

impl<R: Runtime, P: Values> AsyncThrottle<R, P> {
    #[inline]
    pub(super) fn bring<T: 'static, Fut>(
        &self,
        value: P::Value,
        f: impl FnOnce(&mut OwnedRun<R, P>) -> Fut + Send + 'static,
    ) -> Result<Ticket<'_>, Rejected<P::Value>>
    where
        Fut: Future<Output = T> + Send + 'static,
    {
        match self.coalesce_with(value) {
            Ok(ticket) => Ok(ticket),
            Err(NotPut::Undecided(value)) => {
                self.bring_uncoalesced(value, f, drop).map(|decided| decided.ticket)
            }
            Err(not_put) => Err(rejected(not_put)),
        }
    }

    pub(super) async fn bring_and_hear<T: Send + 'static, Fut>(
        &self,
        value: P::Value,
        f: impl FnOnce(&mut OwnedRun<R, P>) -> Fut + Send + 'static,
    ) -> Result<Outcome<T, Ticket<'_>>, Rejected<P::Value>>
    where
        Fut: Future<Output = T> + Send + 'static,
    {
        let value = match self.coalesce_with(value) {
            Ok(ticket) => return Ok(Outcome::Coalesced(ticket)),
            Err(NotPut::Undecided(value)) => value,
            Err(not_put) => return Err(rejected(not_put)),
        };
        let (sender, receiver) = oneshot::channel();
        let decided = self.bring_uncoalesced(value, f, move |reply| drop(sender.send(reply)))?;
        Ok(self.answer(decided, receiver).await)
    }

    #[inline]
    fn coalesce_with(&self, value: P::Value) -> Result<Ticket<'_>, NotPut<P::Value>> {
        let coalesce = || self.shared.frame.gate.coalesce_unfenced();
        let (epoch, _) = self.shared.payload.put(value, has_lost_all_others, coalesce)?;
        Ok(self.ticket(epoch))
    }

    #[inline(never)]
    fn bring_uncoalesced<T: 'static, Fut>(
        &self,
        value: P::Value,
        f: impl FnOnce(&mut OwnedRun<R, P>) -> Fut + Send + 'static,
        reply: impl FnOnce(Reply<T>) + Send + 'static,
    ) -> Result<Decided<'_>, Rejected<P::Value>>
    where
        Fut: Future<Output = T> + Send + 'static,
    {
        if let Err(NoRuntime) = self.prepare() {
            return Err(Rejected { value, reason: Reason::NoRuntime });
        }
        let (gate, payload) = (&self.shared.frame.gate, &self.shared.payload);
        let now = self.shared.runtime.now();
        let start = || {
            gate.try_start(now).ok().map(|run| OwnedRun::new(Arc::clone(&self.shared), run, Edge::Leading))
        };
        let value = match payload.start_with(value, has_lost_all_others, start) {
            Ok(StartedWith { mut started, given, thrown }) => {
                started.give(given);
                let decided = self.spawn_run(started, f, reply);
                // After that: other calls may rely on the run.
                return thrown.map_or(Ok(decided), |thrown| resume_unwind(thrown));
            }
            Err(NotPut::Undecided(value)) => value,
            Err(not_put) => return Err(rejected(not_put)),
        };
        // Where putting the value panics, a deferral is left as its drop leaves it.
        let defer = || match gate.defer_by(now, Timestamp::NEVER).ok()? {
            Arrival::Defer(deferral) => {
                let due = deferral.due();
                Some(Ok((OwnedDeferral::new(Arc::clone(&self.shared), deferral), due)))
            }
            Arrival::Coalesced(epoch) => Some(Err(epoch)),
            Arrival::Run(_) => unreachable!("the call starts nothing"),
        };
        match payload.put_if_room(value, has_lost_all_others, defer).map_err(rejected)? {
            Ok((deferral, due)) => {
                let decided = self.spawn_owner(deferral, due, f, reply);
                // A run in progress may ask whether it has a successor.
                self.shared.frame.waiting().notify();
                Ok(decided)
            }
            Err(epoch) => {
                reply(Reply::Gone);
                Ok(Decided { ticket: self.ticket(epoch), at_once: false, spawned: Ok(()) })
            }
        }
    }
}

#[cold]
fn rejected<T>(not_put: NotPut<T>) -> Rejected<T> {
    let (value, reason) = match not_put {
        NotPut::Full(value) => (value, Reason::Full),
        NotPut::InsideMerge(value) => (value, Reason::InsideMerge),
        // `Undecided`: a call that has found a runtime is decided, so there is no way to get here.
        NotPut::Forked(value) | NotPut::Undecided(value) => (value, Reason::Forked),
    };
    Rejected { value, reason }
}
