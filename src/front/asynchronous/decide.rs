//! How a call that was not coalesced by its load is decided, and what is decided handed to a task.

use super::body::{Reply, own, perform};
use super::guard::{OwnedDeferral, OwnedRun};
use super::{AsyncThrottle, NoRuntime, Runtime};
use crate::front::observe::{self, Edge};
use crate::front::owner::ticket::Ticket;
use crate::gate::{Arrival, Run};
use core::future::poll_fn;
use core::pin::Pin;
use core::task::Poll;
use futures_channel::oneshot;
use std::sync::Arc;

/// A call that was decided, and not coalesced by its load.
pub(super) struct Decided<'t> {
    pub(super) ticket: Ticket<'t>,
    pub(super) at_once: bool,
}

/// What a caller hears of its function.
pub(super) enum Answer<T> {
    Reply(Reply<T>),
    /// The task was dropped.
    Dropped,
    /// To wait for it would be to wait for the run that asks.
    InsideRun,
}

impl<R: Runtime> AsyncThrottle<R> {
    /// For a call whose `coalesce` has just said `None`.
    pub(super) fn decide<T: 'static, F, Fut>(
        &self,
        f: F,
        reply: impl FnOnce(Reply<T>) + Send + 'static,
    ) -> Result<Decided<'_>, NoRuntime>
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = T> + Send + 'static,
    {
        let shared = self.shared();
        shared.runtime.ready()?;
        let frame = &shared.frame;
        let state = frame.gate.state();
        if state.is_running() || state.has_owner() {
            // In a forked child this leaves owed what tasks of the parent were to perform.
            frame.is_forked();
        }
        match frame.gate.arrive_uncoalesced(shared.runtime.now()) {
            Arrival::Run(run) => {
                let ticket = self.spawn_run(run, Edge::Leading, f, reply)?;
                Ok(Decided { ticket, at_once: true })
            }
            Arrival::Coalesced(epoch) => {
                reply(Reply::Gone);
                Ok(Decided { ticket: Ticket::new(frame, epoch), at_once: false })
            }
            Arrival::Defer(deferral) => {
                let (epoch, due) = (deferral.epoch(), deferral.due());
                let deferred = OwnedDeferral::new(Arc::clone(shared), deferral);
                observe::deferred(frame.source(), due);
                shared.runtime.spawn(own(deferred, f, reply))?;
                Ok(Decided { ticket: Ticket::new(frame, epoch), at_once: false })
            }
        }
    }

    pub(super) fn spawn_run<T: 'static, F, Fut>(
        &self,
        run: Run<'_>,
        edge: Edge,
        f: F,
        reply: impl FnOnce(Reply<T>) + Send + 'static,
    ) -> Result<Ticket<'_>, NoRuntime>
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = T> + Send + 'static,
    {
        let (epoch, released_owner, adopted) = (run.epoch(), run.released_owner(), run.adopted());
        let started = OwnedRun::new(Arc::clone(self.shared()), run, edge);
        let frame = &self.shared().frame;
        if released_owner {
            // The owner is released before the function is called.
            frame.waiting().notify();
        }
        if edge == Edge::Leading && (released_owner || adopted) {
            observe::taken_over(frame.source(), epoch);
        }
        self.shared().runtime.spawn(perform(reply, started, f))?;
        Ok(Ticket::new(frame, epoch.previous()))
    }

    /// Waits for the task's reply; no longer than it may, where a run would wait for itself.
    pub(super) async fn answer<T>(&self, mut receiver: oneshot::Receiver<Reply<T>>) -> Answer<T> {
        poll_fn(|cx| match Pin::new(&mut receiver).poll(cx) {
            Poll::Ready(Ok(reply)) => Poll::Ready(Answer::Reply(reply)),
            Poll::Ready(Err(oneshot::Canceled)) => Poll::Ready(Answer::Dropped),
            Poll::Pending if self.shared().frame.is_runner() => Poll::Ready(Answer::InsideRun),
            Poll::Pending => Poll::Pending,
        })
        .await
    }
}
