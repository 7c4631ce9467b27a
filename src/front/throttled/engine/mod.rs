//! [`Engine`]: the one owner of every deferral of a [`Throttled`](super::Throttled). It decides what is to be done next
//! and what becomes of a run; a thread, a task or the user drives it.

mod after;
mod started;

pub(super) use self::after::OnFailure;
pub(super) use self::started::Started;

use super::shared::{Control, Handed, Shared};
use crate::clock::Clock;
use crate::front::failure::Failure;
use crate::front::observe::{self, Edge};
use crate::front::owner::{Pending, Shutdown, Stage, discard_panics};
use crate::front::payload::Payload;
use crate::gate::{Fired, Flushed, Run};
use crate::state::{Abandon, Epoch};
use crate::sync::{Ordering, lock};
use crate::time::Timestamp;
use core::mem;
use core::time::Duration;
use std::sync::Arc;

/// Dropped before [`end`](Self::end), it leaves what is pending owed: its thread or task is gone.
pub(super) struct Engine<P: Payload> {
    shared: Arc<Shared<P>>,
    on_failure: OnFailure,
    rest: Duration,
    /// No run starts before this, but by a flush.
    rested_at: Timestamp,
    /// The epoch of the deferral that it has waited for.
    deferred_in: Option<Epoch>,
    /// How it would end now.
    shutdown: Shutdown,
    /// The epoch of the run that the end has cancelled: its event comes when no lock is held.
    discarded_in: Option<Epoch>,
    /// How the latest run failed. A run that is given nothing ends as the one before: that was given what it covers.
    latest_failure: Option<Arc<Failure>>,
    has_ended: bool,
}

/// What is to be done next.
pub(super) enum Next<P: Payload> {
    Perform(Started<P>),
    End,
}

impl<P: Payload> Engine<P> {
    pub(super) fn new(shared: Arc<Shared<P>>, on_failure: OnFailure, rest: Duration) -> Self {
        Self {
            shared,
            on_failure,
            rest,
            rested_at: Timestamp::ZERO,
            deferred_in: None,
            shutdown: Shutdown::Idle,
            discarded_in: None,
            latest_failure: None,
            has_ended: false,
        }
    }

    pub(super) fn shared(&self) -> &Arc<Shared<P>> {
        &self.shared
    }

    /// What is to be done now; `Err` with the next deadline if nothing is.
    pub(super) fn look(&mut self) -> Result<Next<P>, Option<Timestamp>> {
        let shared = Arc::clone(&self.shared);
        let Shared { frame, payload, .. } = &*shared;
        let gate = &frame.gate;
        let now = frame.clock.now();
        loop {
            let mut control = lock(&shared.control);
            if let Some(Handed { run, given }) = control.handed.take() {
                // The flush has released what held it. What holds a run now is the pace of calls after the flush.
                return Ok(self.perform(&control, gate.resume(run), given, Edge::Flushed));
            }
            let asked = control.stage.asked();
            if asked == Some(Pending::Discard) {
                if let Some(epoch) = gate.cancel_in() {
                    shared.paced.let_go(&mut control.hold);
                    self.shutdown = Shutdown::Discarded;
                    self.discarded_in = Some(epoch);
                }
            }
            let state = gate.state();
            if !state.has_owner() {
                if asked.is_none() {
                    return Err(None);
                }
                return Ok(Next::End);
            }
            if asked == Some(Pending::Flush) {
                let flush = || match gate.flush(now) {
                    Flushed::Run(run) => Ok(run),
                    Flushed::Busy | Flushed::Nothing => Err(()),
                };
                if let Ok((run, given)) = payload.start(flush) {
                    control.hold.release();
                    return Ok(self.perform(&control, run, given, Edge::Flushed));
                }
            }
            let epoch = state.epoch();
            if state.is_pending() {
                let held = self.held_until(&control);
                if now < held {
                    shared.paced.show_held(held);
                    drop(control);
                    self.is_deferred(epoch, held);
                    return Err(Some(held));
                }
            }
            let fire = || match gate.claim(epoch).fire(now) {
                Fired::Run(run) => Ok(run),
                not_started => Err(not_started),
            };
            match payload.start(fire) {
                Ok((run, given)) => {
                    control.hold.release();
                    let waited = self.deferred_in == Some(epoch);
                    let edge = if waited { Edge::Trailing } else { Edge::Leading };
                    return Ok(self.perform(&control, run, given, edge));
                }
                Err(Fired::Early { deferral, due }) => {
                    drop(control);
                    let epoch = deferral.detach();
                    self.is_deferred(epoch, due);
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

    /// Until when the pending run is held beside its window. An end does not wait for a pace or a back-off.
    fn held_until(&self, control: &Control<P::Given>) -> Timestamp {
        let Shared { paced, payload, .. } = &*self.shared;
        let hold = &control.hold;
        if control.stage.asked().is_some() {
            return self.rested_at;
        }
        let paced_until = match hold.first_call {
            Some(first) if !payload.is_enough(paced.enough) => {
                paced.pace.holds_until(first, paced.latest_call())
            }
            _ => Timestamp::ZERO,
        };
        self.rested_at.max(paced_until).max(hold.retry_at)
    }

    fn perform(
        &mut self,
        control: &Control<P::Given>,
        run: Run<'_>,
        given: Option<P::Given>,
        edge: Edge,
    ) -> Next<P> {
        // Since a flush, a call may have made the next run pending.
        let is_followed = self.shared.frame.gate.state().is_pending();
        self.shared.paced.show_held(Timestamp::ZERO);
        let is_last = control.stage.asked().is_some() && !is_followed;
        if control.stage.asked().is_some() {
            self.shutdown = Shutdown::Ran;
        }
        let run = Some(run.detach());
        Next::Perform(Started { shared: Arc::clone(&self.shared), run, given, edge, is_last })
    }

    fn is_deferred(&mut self, epoch: Epoch, due: Timestamp) {
        if self.deferred_in.replace(epoch) != Some(epoch) {
            observe::deferred(self.shared.frame.source(), due);
        }
    }

    /// Before the function: what to give it. `None` if there is nothing: then the run is finished already.
    pub(super) fn begin(&mut self, started: &mut Started<P>) -> Option<P::Given> {
        let frame = &self.shared.frame;
        let epoch = started.epoch();
        let Some(given) = started.given.take() else {
            frame.settle(epoch, self.latest_failure.clone());
            started.end();
            return None;
        };
        // ORDERING: Relaxed. Counts for people; only one run at a time writes them.
        self.shared.paced.runs.fetch_add(1, Ordering::Relaxed);
        observe::run_started(frame.source(), epoch, started.edge);
        Some(given)
    }

    /// In the middle of a run: whether the pending run could start now, but for this one; `Err` with the time when it can.
    #[cfg(feature = "async")]
    pub(super) fn look_for_successor(&self) -> Result<(), Option<Timestamp>> {
        let frame = &self.shared.frame;
        let now = frame.clock.now();
        let control = lock(&self.shared.control);
        let state = frame.gate.state();
        if !state.is_pending() {
            return Err(None);
        }
        let due = state.window_end(frame.gate.threshold()).max(self.held_until(&control));
        if now < due { Err(Some(due)) } else { Ok(()) }
    }

    /// Drops the user's hooks: what they hold may panic.
    pub(super) fn drop_hooks(&mut self) {
        let OnFailure { on_panic, on_error, retry, .. } = mem::take(&mut self.on_failure);
        discard_panics(|| drop(on_panic));
        discard_panics(|| drop(on_error));
        discard_panics(|| drop(retry));
    }

    /// Nothing is left to do: tells what the end has cancelled, and returns how it ends.
    pub(super) fn conclude(&mut self) -> Shutdown {
        if let Some(epoch) = self.discarded_in {
            observe::cancelled(self.shared.frame.source(), epoch);
        }
        self.shutdown
    }

    /// Tells the end. Where the engine decided on it, nothing is pending and every call is refused already.
    pub(super) fn end(&mut self, shutdown: Shutdown) {
        self.has_ended = true;
        if shutdown == Shutdown::Panicked {
            self.leave(Stage::Failing);
        }
        lock(&self.shared.control).stage = Stage::Ended(shutdown);
        self.shared.frame.waiting().notify();
    }

    /// From now on every call is refused, nothing is pending, and what was is owed.
    fn leave(&self, as_stage: Stage) {
        let Shared { frame, payload, .. } = &*self.shared;
        let gate = &frame.gate;
        let mut control = lock(&self.shared.control);
        control.stage = as_stage;
        let replaced = control.handed.take().map(|Handed { run, given }| {
            // A flush started it, and nobody performs it.
            let run = gate.resume(run);
            let mut replaced = None;
            // Back before it is seen to be owed: a caller that hears of it can take what it brought.
            discard_panics(|| replaced = given.and_then(|given| payload.put_back(given, || ())));
            // Owed before it finishes, so that it is never seen as done.
            let _ = gate.owe();
            drop(run);
            replaced
        });
        let state = gate.state();
        let abandoned = if state.has_owner() { gate.claim(state.epoch()).abandon() } else { Abandon::Gone };
        drop(control);
        discard_panics(|| drop(replaced));
        frame.waiting().notify();
        if abandoned == Abandon::Owed {
            observe::abandoned(frame.source(), state.epoch());
        }
    }
}

impl<P: Payload> Drop for Engine<P> {
    fn drop(&mut self) {
        // A forked child has neither the thread nor the task, and may not have the locks.
        if !self.has_ended && !self.shared.frame.is_forked() {
            self.leave(Stage::Ended(Shutdown::Dropped));
        }
    }
}
