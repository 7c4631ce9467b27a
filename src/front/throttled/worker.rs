//! The thread of a [`Throttled`](super::Throttled): the one owner of every deferral.

use super::shared::Shared;
use crate::clock::Clock;
use crate::front::observe::{self, Edge};
use crate::front::owner::endings::RunEnd;
use crate::front::owner::{PanicPolicy, Pending, Shutdown, Stage, discard};
use crate::gate::{Fired, Flushed, Run};
use crate::state::{Abandon, Epoch};
use crate::sync::{Ordering, lock};
use crate::time::Timestamp;
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

pub(super) struct Worker<F> {
    pub(super) shared: Arc<Shared>,
    pub(super) f: F,
    pub(super) panics: PanicPolicy,
    pub(super) rest: Duration,
}

/// What the thread is to do next.
enum Next<'s> {
    Perform(Run<'s>, Edge),
    End,
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
}

impl<F: FnMut(&Shared)> Worker<F> {
    /// The life of the thread.
    pub(super) fn work(mut self) {
        self.shared.i_am_the_worker();
        // The clock may panic, too.
        let shutdown = catch_unwind(AssertUnwindSafe(|| self.serve())).unwrap_or_else(|payload| {
            discard(payload);
            Shutdown::Panicked
        });
        let Self { shared, f, panics, .. } = self;
        // Drops what they hold before the end is announced, one at a time: a second panic while unwinding would abort.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(f))) {
            discard(payload);
        }
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(panics))) {
            discard(payload);
        }
        end(&shared, shutdown);
    }

    fn serve(&mut self) -> Shutdown {
        let shared = Arc::clone(&self.shared);
        let mut kept = WorkerState {
            rested_at: Timestamp::ZERO,
            deferred_in: None,
            shutdown: Shutdown::Idle,
            discarded_in: None,
        };
        loop {
            match shared.waiting().until(|| kept.look(&shared)) {
                Next::Perform(run, edge) => {
                    let completed = self.perform(&shared, &mut kept, run, edge);
                    if !completed && self.panics.fatal {
                        return Shutdown::Panicked;
                    }
                }
                Next::End => {
                    if let Some(epoch) = kept.discarded_in {
                        observe::cancelled(shared.source(), epoch);
                    }
                    return kept.shutdown;
                }
            }
        }
    }

    /// Returns whether the function completed.
    fn perform(&mut self, shared: &Shared, kept: &mut WorkerState, run: Run<'_>, edge: Edge) -> bool {
        // After the run has finished, however this is left.
        let _notify = NotifyOnDrop(shared);
        let run = run;
        let epoch = run.epoch();
        // ORDERING: Relaxed. Counts for people; only this thread writes them.
        shared.runs.fetch_add(1, Ordering::Relaxed);
        let f = &mut self.f;
        let completed = self.panics.guard(
            epoch,
            || {
                observe::run_started(shared.source(), epoch, edge);
                f(shared);
            },
            |panic| {
                // ORDERING: Relaxed; as above.
                shared.panics.fetch_add(1, Ordering::Relaxed);
                observe::panicked(shared.source(), epoch, panic.message());
            },
        );
        shared.endings.record(epoch, if completed { RunEnd::Completed } else { RunEnd::Panicked });
        if !self.rest.is_zero() {
            // Before the run is seen to finish: what others do then is no part of it.
            kept.rested_at = shared.within(self.rest);
        }
        if !completed && self.panics.fatal {
            // Before the run is seen to finish: a caller that knows of the panic is refused.
            fail(shared);
        }
        drop(run);
        completed
    }
}

impl WorkerState {
    /// What is to be done now; `Err` with the next deadline if nothing is.
    fn look<'s>(&mut self, shared: &'s Shared) -> Result<Next<'s>, Option<Timestamp>> {
        let gate = &shared.gate;
        let now = shared.clock.now();
        loop {
            let mut control = lock(&shared.control);
            if let Some(detached) = control.handed.take() {
                return Ok(self.perform(gate.resume(detached), Edge::Flushed, control.stage));
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
                if let Flushed::Run(run) = gate.flush(now) {
                    return Ok(self.perform(run, Edge::Flushed, control.stage));
                }
            }
            let epoch = state.epoch();
            if state.is_pending() && now < self.rested_at {
                drop(control);
                self.is_deferred(shared, epoch, self.rested_at);
                return Err(Some(self.rested_at));
            }
            match gate.claim(epoch).fire(now) {
                Fired::Run(run) => {
                    let waited = self.deferred_in == Some(epoch);
                    let edge = if waited { Edge::Trailing } else { Edge::Leading };
                    return Ok(self.perform(run, edge, control.stage));
                }
                Fired::Early { deferral, due } => {
                    drop(control);
                    let epoch = deferral.detach();
                    self.is_deferred(shared, epoch, due);
                    return Err(Some(due));
                }
                // The run of a flush is handed over under the lock, so there is none here.
                Fired::Busy(deferral) => {
                    let _ = deferral.detach();
                    return Err(None);
                }
                // Acknowledged: what is there now?
                Fired::Cancelled | Fired::Gone => self.deferred_in = None,
            }
        }
    }

    fn perform<'s>(&mut self, run: Run<'s>, edge: Edge, stage: Stage) -> Next<'s> {
        if stage.asked().is_some() {
            self.shutdown = Shutdown::Ran;
        }
        Next::Perform(run, edge)
    }

    fn is_deferred(&mut self, shared: &Shared, epoch: Epoch, due: Timestamp) {
        if self.deferred_in.replace(epoch) != Some(epoch) {
            observe::deferred(shared.source(), due);
        }
    }
}

/// From now on every call is refused, nothing is pending, and what was is owed.
fn fail(shared: &Shared) {
    let gate = &shared.gate;
    let mut control = lock(&shared.control);
    control.stage = Stage::Failing;
    if let Some(detached) = control.handed.take() {
        // A flush started it, and nobody performs it: owed first, so that it is never seen as done.
        let run = gate.resume(detached);
        let _ = gate.owe();
        drop(run);
    }
    let state = gate.state();
    let abandoned = if state.has_owner() { gate.claim(state.epoch()).abandon() } else { Abandon::Gone };
    drop(control);
    shared.waiting().notify();
    if abandoned == Abandon::Owed {
        observe::abandoned(shared.source(), state.epoch());
    }
}

/// Tells the end. Where the thread decided on it, nothing is pending and every call is refused already.
fn end(shared: &Shared, shutdown: Shutdown) {
    if shutdown == Shutdown::Panicked {
        fail(shared);
    }
    lock(&shared.control).stage = Stage::Ended(shutdown);
    shared.waiting().notify();
}

struct NotifyOnDrop<'s>(&'s Shared);

impl Drop for NotifyOnDrop<'_> {
    fn drop(&mut self) {
        self.0.waiting().notify();
    }
}
