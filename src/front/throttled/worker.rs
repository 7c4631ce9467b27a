//! The thread of a [`Throttled`](super::Throttled): the one owner of every deferral.

use super::frame::Frame;
use super::shared::{Handed, Shared};
use crate::clock::Clock;
use crate::front::observe::{self, Edge};
use crate::front::owner::endings::RunEnd;
use crate::front::owner::{PanicPolicy, Pending, Shutdown, Stage, discard};
use crate::front::payload::{Left, Payload};
use crate::gate::{Fired, Flushed, Run};
use crate::state::{Abandon, Epoch};
use crate::sync::{Ordering, lock};
use crate::time::Timestamp;
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

pub(super) struct Worker<P: Payload, F> {
    pub(super) shared: Arc<Shared<P>>,
    pub(super) f: F,
    pub(super) panics: PanicPolicy,
    pub(super) rest: Duration,
}

/// What the thread is to do next.
enum Next<'s, G> {
    Perform(Start<'s, G>),
    End,
}

/// A run that has started, and what it is given: `None` if there was nothing.
struct Start<'s, G> {
    run: Run<'s>,
    given: Option<G>,
    edge: Edge,
}

/// What the thread keeps from one look to the next.
struct WorkerState {
    /// No run starts before this, but by a flush.
    rested_at: Timestamp,
    /// The epoch of the deferral that it has waited for.
    deferred_in: Option<Epoch>,
    /// How it would end now.
    shutdown: Shutdown,
    /// The epoch of the run that the end has cancelled: its event comes when no lock is held.
    discarded_in: Option<Epoch>,
    /// How the latest run ended. A run that is given nothing ends as the one before: that was given what it covers.
    latest_end: RunEnd,
}

impl<P: Payload, F: FnMut(&mut P::Given)> Worker<P, F> {
    /// The life of the thread.
    pub(super) fn work(mut self) {
        self.shared.frame.i_am_the_worker();
        // The clock may panic, too.
        let shutdown = catch_unwind(AssertUnwindSafe(|| self.serve())).unwrap_or_else(|payload| {
            discard(payload);
            Shutdown::Panicked
        });
        let Self { shared, f, panics, .. } = self;
        // Drops what they hold before the end is announced, one at a time: a second panic while unwinding would abort.
        discard_panics(|| drop(f));
        discard_panics(|| drop(panics));
        end(&shared, shutdown);
    }

    fn serve(&mut self) -> Shutdown {
        let shared = Arc::clone(&self.shared);
        let mut kept = WorkerState {
            rested_at: Timestamp::ZERO,
            deferred_in: None,
            shutdown: Shutdown::Idle,
            discarded_in: None,
            latest_end: RunEnd::Completed,
        };
        loop {
            match shared.frame.waiting().until(|| kept.look(&shared)) {
                Next::Perform(start) => {
                    let completed = self.perform(&shared, &mut kept, start);
                    if !completed && self.panics.fatal {
                        return Shutdown::Panicked;
                    }
                }
                Next::End => {
                    if let Some(epoch) = kept.discarded_in {
                        observe::cancelled(shared.frame.source(), epoch);
                    }
                    return kept.shutdown;
                }
            }
        }
    }

    /// Returns whether the function completed, or was not to be called.
    fn perform(&mut self, shared: &Shared<P>, kept: &mut WorkerState, start: Start<'_, P::Given>) -> bool {
        let frame = &shared.frame;
        // After the run has finished, however this is left.
        let _notify = NotifyOnDrop(frame);
        let Start { run, given, edge } = start;
        let epoch = run.epoch();
        let Some(mut given) = given else {
            frame.endings.record(epoch, kept.latest_end);
            return true;
        };
        // ORDERING: Relaxed. Counts for people; only this thread writes them.
        frame.runs.fetch_add(1, Ordering::Relaxed);
        let f = &mut self.f;
        let completed = self.panics.guard(
            epoch,
            || {
                observe::run_started(frame.source(), epoch, edge);
                f(&mut given);
            },
            |panic| {
                // ORDERING: Relaxed; as above.
                frame.panics.fetch_add(1, Ordering::Relaxed);
                observe::panicked(frame.source(), epoch, panic.message());
            },
        );
        settle(shared, given, completed);
        kept.latest_end = if completed { RunEnd::Completed } else { RunEnd::Panicked };
        frame.endings.record(epoch, kept.latest_end);
        if !self.rest.is_zero() {
            // Before the run is seen to finish: what others do then is no part of it.
            kept.rested_at = frame.within(self.rest);
        }
        if !completed && self.panics.fatal {
            // Before the run is seen to finish: a caller that knows of the panic is refused.
            fail(shared);
        }
        drop(run);
        completed
    }
}

/// Drops what a run was given, or has another run follow for what it left.
fn settle<P: Payload>(shared: &Shared<P>, given: P::Given, completed: bool) {
    let mut left = Left::Nothing;
    // What callers brought may panic when it is dropped.
    discard_panics(|| left = shared.payload.settle(given, completed));
    let Left::Some { is_less } = left else { return };
    let control = lock(&shared.control);
    // On the way to the end a run that takes nothing would follow itself for ever.
    let goes_on = match control.stage {
        Stage::Going => true,
        Stage::Ending(Pending::Finish | Pending::Flush) => is_less,
        Stage::Ending(Pending::Discard) | Stage::Closing | Stage::Failing | Stage::Ended(_) => false,
    };
    if goes_on {
        let _ = shared.frame.gate.request();
    }
}

impl WorkerState {
    /// What is to be done now; `Err` with the next deadline if nothing is.
    fn look<'s, P: Payload>(
        &mut self,
        shared: &'s Shared<P>,
    ) -> Result<Next<'s, P::Given>, Option<Timestamp>> {
        let gate = &shared.frame.gate;
        let now = shared.frame.clock.now();
        loop {
            let mut control = lock(&shared.control);
            if let Some(Handed { run, given }) = control.handed.take() {
                let run = gate.resume(run);
                return Ok(self.perform(control.stage, Start { run, given, edge: Edge::Flushed }));
            }
            let asked = control.stage.asked();
            if asked == Some(Pending::Discard) {
                if let Some(epoch) = gate.cancel_in() {
                    self.shutdown = Shutdown::Discarded;
                    self.discarded_in = Some(epoch);
                }
            }
            let state = gate.state();
            if !state.has_owner() {
                if asked.is_none() {
                    return Err(None);
                }
                control.stage = Stage::Closing;
                return Ok(Next::End);
            }
            if asked == Some(Pending::Flush) {
                let flush = || match gate.flush(now) {
                    Flushed::Run(run) => Ok(run),
                    Flushed::Busy | Flushed::Nothing => Err(()),
                };
                if let Ok((run, given)) = shared.payload.start(flush) {
                    return Ok(self.perform(control.stage, Start { run, given, edge: Edge::Flushed }));
                }
            }
            let epoch = state.epoch();
            if state.is_pending() && now < self.rested_at {
                drop(control);
                self.is_deferred(&shared.frame, epoch, self.rested_at);
                return Err(Some(self.rested_at));
            }
            let fire = || match gate.claim(epoch).fire(now) {
                Fired::Run(run) => Ok(run),
                not_started => Err(not_started),
            };
            match shared.payload.start(fire) {
                Ok((run, given)) => {
                    let waited = self.deferred_in == Some(epoch);
                    let edge = if waited { Edge::Trailing } else { Edge::Leading };
                    return Ok(self.perform(control.stage, Start { run, given, edge }));
                }
                Err(Fired::Early { deferral, due }) => {
                    drop(control);
                    let epoch = deferral.detach();
                    self.is_deferred(&shared.frame, epoch, due);
                    return Err(Some(due));
                }
                // The run of a flush is handed over under the lock, so there is none here.
                Err(Fired::Busy(deferral)) => {
                    let _ = deferral.detach();
                    return Err(None);
                }
                // Acknowledged: what is there now?
                Err(Fired::Cancelled | Fired::Gone | Fired::Run(_)) => self.deferred_in = None,
            }
        }
    }

    fn perform<'s, G>(&mut self, stage: Stage, start: Start<'s, G>) -> Next<'s, G> {
        if stage.asked().is_some() {
            self.shutdown = Shutdown::Ran;
        }
        Next::Perform(start)
    }

    fn is_deferred(&mut self, frame: &Frame, epoch: Epoch, due: Timestamp) {
        if self.deferred_in.replace(epoch) != Some(epoch) {
            observe::deferred(frame.source(), due);
        }
    }
}

/// From now on every call is refused, nothing is pending, and what was is owed.
fn fail<P: Payload>(shared: &Shared<P>) {
    let gate = &shared.frame.gate;
    let mut control = lock(&shared.control);
    control.stage = Stage::Failing;
    let handed = control.handed.take();
    let handed = handed.map(|Handed { run, given }| {
        // A flush started it, and nobody performs it: owed first, so that it is never seen as done.
        let run = gate.resume(run);
        let _ = gate.owe();
        drop(run);
        given
    });
    let state = gate.state();
    let abandoned = if state.has_owner() { gate.claim(state.epoch()).abandon() } else { Abandon::Gone };
    drop(control);
    if let Some(given) = handed.flatten() {
        discard_panics(|| shared.payload.put_back(given));
    }
    shared.frame.waiting().notify();
    if abandoned == Abandon::Owed {
        observe::abandoned(shared.frame.source(), state.epoch());
    }
}

/// Tells the end. Where the thread decided on it, nothing is pending and every call is refused already.
fn end<P: Payload>(shared: &Shared<P>, shutdown: Shutdown) {
    if shutdown == Shutdown::Panicked {
        fail(shared);
    }
    lock(&shared.control).stage = Stage::Ended(shutdown);
    shared.frame.waiting().notify();
}

/// What the user wrote may panic; what the thread does then does not depend on it.
fn discard_panics(f: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(f)) {
        discard(payload);
    }
}

struct NotifyOnDrop<'s>(&'s Frame);

impl Drop for NotifyOnDrop<'_> {
    fn drop(&mut self) {
        self.0.waiting().notify();
    }
}
