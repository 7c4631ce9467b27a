//! How a call that was not coalesced by its load is decided, and what is decided handed to a task.

use super::body::{Performing, Reply, own, perform};
use super::guard::{OwnedDeferral, OwnedRun};
use super::{AsyncThrottle, NoRuntime, Runtime};
use crate::front::observe::{self, Edge};
use crate::front::outcome::Outcome;
use crate::front::owner::ticket::Ticket;
use crate::front::payload::Payload;
use crate::front::wait::WaitError;
use crate::gate::Arrival;
use crate::time::Timestamp;
use core::convert::Infallible;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::Poll;
use futures_channel::oneshot;
use std::panic::resume_unwind;
use std::sync::Arc;

/// A call that was decided, and not coalesced by its load.
pub(super) struct Decided<'t> {
    pub(super) ticket: Ticket<'t>,
    pub(super) at_once: bool,
    /// If there is none, the task was dropped, and what it was to do is owed.
    pub(super) spawned: Result<(), NoRuntime>,
}

/// What a caller hears of its function.
enum Answer<T> {
    Reply(Reply<T>),
    /// The task was dropped.
    Dropped,
    /// To wait for it would be to wait for the run that asks.
    InsideRun,
}

impl<R: Runtime, P: Payload> AsyncThrottle<R, P> {
    /// For a call that leaves nothing, and whose `coalesce` has just said `None`.
    pub(super) fn decide<T: 'static, Fut>(
        &self,
        f: impl FnOnce(&mut OwnedRun<R, P>) -> Fut + Send + 'static,
        reply: impl FnOnce(Reply<T>) + Send + 'static,
    ) -> Result<Decided<'_>, NoRuntime>
    where
        Fut: Future<Output = T> + Send + 'static,
    {
        let (shared, payload) = (&self.shared, &self.shared.payload);
        self.prepare()?;
        let decided = match shared.frame.gate.arrive_uncoalesced(shared.runtime.now()) {
            Arrival::Run(run) => {
                let Ok((run, given)) = payload.start(|| Ok::<_, Infallible>(run));
                let mut started = OwnedRun::new(Arc::clone(&self.shared), run, Edge::Leading);
                if let Some(given) = given {
                    started.give(given);
                    self.spawn_run(started, f, reply)
                } else {
                    let ticket = self.ticket(started.epoch().previous());
                    started.end_empty();
                    reply(Reply::Gone);
                    Decided { ticket, at_once: false, spawned: Ok(()) }
                }
            }
            Arrival::Coalesced(epoch) => {
                reply(Reply::Gone);
                Decided { ticket: self.ticket(epoch), at_once: false, spawned: Ok(()) }
            }
            Arrival::Defer(deferral) => {
                let due = deferral.due();
                self.spawn_owner(OwnedDeferral::new(Arc::clone(&self.shared), deferral), due, f, reply)
            }
        };
        decided.spawned.map(|()| decided)
    }

    /// Before anything is decided that a task is to perform. In a forked child this leaves owed what tasks of the parent were
    /// to perform; later that could not be told from what the child has begun.
    pub(super) fn prepare(&self) -> Result<(), NoRuntime> {
        self.shared.runtime.ready()?;
        self.shared.frame.is_forked();
        Ok(())
    }

    pub(super) fn spawn_owner<T: 'static, Fut>(
        &self,
        deferral: OwnedDeferral<R, P>,
        due: Timestamp,
        f: impl FnOnce(&mut OwnedRun<R, P>) -> Fut + Send + 'static,
        reply: impl FnOnce(Reply<T>) + Send + 'static,
    ) -> Decided<'_>
    where
        Fut: Future<Output = T> + Send + 'static,
    {
        let ticket = self.ticket(deferral.epoch());
        observe::deferred(self.shared.frame.source(), due);
        let spawned = self.shared.runtime.spawn(own(deferral, f, reply));
        Decided { ticket, at_once: false, spawned }
    }

    pub(super) fn spawn_run<T: 'static, Fut>(
        &self,
        started: OwnedRun<R, P>,
        f: impl FnOnce(&mut OwnedRun<R, P>) -> Fut + Send + 'static,
        reply: impl FnOnce(Reply<T>) + Send + 'static,
    ) -> Decided<'_>
    where
        Fut: Future<Output = T> + Send + 'static,
    {
        let ticket = self.ticket(started.epoch().previous());
        started.take_over();
        let spawned = self.shared.runtime.spawn(perform(Performing { started, reply }, f));
        Decided { ticket, at_once: true, spawned }
    }

    /// Waits for the task's reply; no longer than it may, where a run would wait for itself.
    pub(super) async fn answer<'t, T>(
        &self,
        decided: Decided<'t>,
        receiver: oneshot::Receiver<Reply<T>>,
    ) -> Outcome<T, Ticket<'t>> {
        let Decided { ticket, at_once, .. } = decided;
        match self.hear(receiver).await {
            Answer::Reply(Reply::Ran(value)) if at_once => Outcome::RanAtOnce(value),
            Answer::Reply(Reply::Ran(value)) => Outcome::RanDeferred(value),
            Answer::Reply(Reply::Panicked(payload)) => resume_unwind(payload),
            Answer::Reply(Reply::Cancelled) => Outcome::Cancelled,
            Answer::Reply(Reply::Gone) | Answer::InsideRun => Outcome::Coalesced(ticket),
            Answer::Dropped => match ticket.look() {
                Some(Err(WaitError::Owed)) => Outcome::Owed,
                Some(Err(WaitError::Cancelled)) => Outcome::Cancelled,
                _ => Outcome::Coalesced(ticket),
            },
        }
    }

    async fn hear<T>(&self, mut receiver: oneshot::Receiver<Reply<T>>) -> Answer<T> {
        poll_fn(|cx| match Pin::new(&mut receiver).poll(cx) {
            Poll::Ready(Ok(reply)) => Poll::Ready(Answer::Reply(reply)),
            Poll::Ready(Err(oneshot::Canceled)) => Poll::Ready(Answer::Dropped),
            Poll::Pending if self.shared.frame.is_runner() => Poll::Ready(Answer::InsideRun),
            Poll::Pending => Poll::Pending,
        })
        .await
    }
}
