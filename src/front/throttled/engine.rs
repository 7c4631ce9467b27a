//! [`Engine`]: the one owner of every deferral of a [`Throttled`](super::Throttled). It decides what is to be done next
//! and what becomes of a run; a thread, a task or the user drives it.

#[cfg(feature = "async")]
use super::frame::HasFrame;
use super::shared::{Control, Handed, Shared};
use crate::clock::Clock;
use crate::front::failure::{AnyError, Failure, Retry, Thrown};
use crate::front::observe::{self, Edge};
use crate::front::owner::{Panic, PanicHook, Pending, Shutdown, Stage, discard, discard_panics};
use crate::front::payload::Payload;
use crate::gate::{DetachedRun, Fired, Flushed, Run};
use crate::state::{Abandon, Epoch, Owe};
use crate::sync::{Ordering, lock, requests_after_the_lock, settles_after_the_finish};
use crate::time::Timestamp;
use core::mem;
use core::time::Duration;
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// The hook that is called after a run that failed.
pub(super) type ErrorHook = Box<dyn FnMut(&Failure) + Send>;

/// What the user has said about runs that fail.
#[derive(Default)]
pub(super) struct OnFailure {
    pub(super) on_panic: Option<PanicHook>,
    pub(super) on_error: Option<ErrorHook>,
    pub(super) retry: Option<Retry>,
    pub(super) panics_are_fatal: bool,
}

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

/// A run that has started.
///
/// Dropped before [`Engine::finish`], it has covered nobody: what it was given goes back, and it is left owed.
pub(super) struct Started<P: Payload> {
    shared: Arc<Shared<P>>,
    run: Option<DetachedRun>,
    /// `None` if there was nothing, or if it was taken out to be given to the function.
    given: Option<P::Given>,
    edge: Edge,
    /// Whether the end was asked for before, and no run is pending: then it is the last one.
    is_last: bool,
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
                    frame.let_go(&mut control.hold);
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
                if let Ok((run, given)) = payload.start(flush) {
                    control.hold.release();
                    return Ok(self.perform(&control, run, given, Edge::Flushed));
                }
            }
            let epoch = state.epoch();
            if state.is_pending() {
                let held = self.held_until(&control);
                if now < held {
                    frame.show_held(held);
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
        let Shared { frame, payload, .. } = &*self.shared;
        let hold = &control.hold;
        if control.stage.asked().is_some() {
            return self.rested_at;
        }
        let paced = match hold.first_call {
            Some(first) if !payload.is_enough(frame.enough) => {
                frame.pace.holds_until(first, frame.latest_call())
            }
            _ => Timestamp::ZERO,
        };
        self.rested_at.max(paced).max(hold.retry_at.unwrap_or(Timestamp::ZERO))
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
        self.shared.frame.show_held(Timestamp::ZERO);
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
            frame.record.settle(epoch, self.latest_failure.clone());
            started.end();
            return None;
        };
        // ORDERING: Relaxed. Counts for people; only one run at a time writes them.
        frame.runs.fetch_add(1, Ordering::Relaxed);
        observe::run_started(frame.source(), epoch, started.edge);
        Some(given)
    }

    /// After the function. `given`: what it was given, as it left it, if that came back. Returns whether to go on.
    pub(super) fn finish(
        &mut self,
        mut started: Started<P>,
        given: Option<P::Given>,
        result: Result<(), Thrown>,
    ) -> bool {
        let shared = Arc::clone(&self.shared);
        let frame = &shared.frame;
        let (epoch, is_last) = (started.epoch(), started.is_last);
        let failure = result.err().map(|thrown| self.fail(epoch, thrown));
        let is_fatal = self.on_failure.panics_are_fatal && failure.as_ref().is_some_and(Failure::is_panic);
        let is_tried_again = match &failure {
            Some(failure) if !is_fatal && self.on_failure.retry.is_some() => {
                self.retry(failure, given, is_last)
            }
            _ => {
                self.keep_left(given, failure.is_none());
                false
            }
        };
        if !is_tried_again {
            self.end_row_of_failures();
            self.latest_failure = failure.map(Arc::new);
            if !settles_after_the_finish() {
                frame.record.settle(epoch, self.latest_failure.clone());
            }
        }
        // From here on it finishes, however this is left.
        let ends = EndOnDrop(&mut started);
        if !self.rest.is_zero() {
            // Before the run is seen to finish: what others do then is no part of it.
            self.rested_at = frame.within(self.rest);
        }
        if is_fatal {
            // Before the run is seen to finish: a caller that knows of the panic is refused.
            self.leave(Stage::Failing);
        }
        drop(ends);
        if settles_after_the_finish() && !is_tried_again {
            frame.record.settle(epoch, self.latest_failure.clone());
        }
        !is_fatal
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

    /// The function was dropped for the pending run, which covers its calls as well. `given`: what it was given, as it left
    /// it, if that came back.
    #[cfg(feature = "async")]
    pub(super) fn supersede(&mut self, mut started: Started<P>, given: Option<P::Given>) {
        if let Some(given) = given {
            discard_panics(|| drop(self.shared.payload.put_back(given, || ())));
        }
        observe::superseded(self.shared.frame.source(), started.epoch());
        started.end();
    }

    /// Makes a failure of what the function threw, and tells of it.
    fn fail(&mut self, epoch: Epoch, thrown: Thrown) -> Failure {
        let frame = &self.shared.frame;
        let attempt = lock(&self.shared.control).hold.failures.saturating_add(1);
        let (failure, panic) = Failure::new(epoch, attempt, thrown);
        if let Some(payload) = panic {
            // ORDERING: Relaxed. Counts for people; only one run at a time writes them.
            frame.panics.fetch_add(1, Ordering::Relaxed);
            let panic = Panic::new(epoch, &*payload);
            observe::panicked(frame.source(), epoch, panic.message());
            if let Some(hook) = &mut self.on_failure.on_panic {
                discard_panics(|| hook(&panic));
            }
            discard(payload);
        } else {
            observe::failed(frame.source(), epoch, &failure);
        }
        if let Some(hook) = &mut self.on_failure.on_error {
            discard_panics(|| hook(&failure));
        }
        failure
    }

    /// Has a run that failed be tried again with what it was given, if the policy says so. Returns whether its calls stay
    /// uncovered.
    fn retry(&mut self, failure: &Failure, given: Option<P::Given>, is_last: bool) -> bool {
        let shared = Arc::clone(&self.shared);
        let frame = &shared.frame;
        let Some(given) = given.filter(|given| !P::is_spent(given)) else { return false };
        if is_last {
            discard_panics(|| drop(shared.payload.put_back(given, || ())));
            return false;
        }
        let mut delay = None;
        if let Some(retry) = &mut self.on_failure.retry {
            discard_panics(|| delay = retry.after(failure));
        }
        let Some(delay) = delay else {
            discard_panics(|| drop(given));
            return false;
        };
        let mut retry_at = Timestamp::ZERO;
        // Where the clock panics, the next look at it ends all this, and what was given is back by then.
        discard_panics(|| retry_at = frame.within(delay));
        let mut control = lock(&shared.control);
        let goes_on = matches!(control.stage, Stage::Going | Stage::Ending(Pending::Finish | Pending::Flush));
        if goes_on {
            control.hold.retry_at = Some(retry_at);
            control.hold.failures = failure.attempt();
            // ORDERING: Relaxed. To be looked at.
            frame.failures.store(failure.attempt(), Ordering::Relaxed);
        }
        let request = || {
            if goes_on {
                let _ = frame.gate.request();
            }
        };
        let mut replaced = None;
        discard_panics(|| {
            replaced = shared.payload.put_back(given, || {
                if !requests_after_the_lock() {
                    request();
                }
            });
        });
        drop(control);
        if requests_after_the_lock() {
            request();
        }
        // After the locks: it is the user's.
        discard_panics(|| drop(replaced));
        if goes_on {
            observe::retried(frame.source(), failure.epoch(), failure.attempt(), retry_at);
        }
        true
    }

    /// Has another run follow for what this one has left of what it was given; drops the rest.
    fn keep_left(&mut self, given: Option<P::Given>, has_completed: bool) {
        let Shared { frame, control, payload } = &*self.shared;
        let mut left = None;
        // What callers brought may panic when it is dropped.
        discard_panics(|| left = given.and_then(|given| P::left(given, has_completed)));
        let Some(left) = left else { return };
        let control = lock(control);
        // On the way to the end a run that takes nothing would follow itself for ever.
        let goes_on = match control.stage {
            Stage::Going => true,
            Stage::Ending(Pending::Finish | Pending::Flush) => P::is_less(&left),
            Stage::Ending(Pending::Discard) | Stage::Closing | Stage::Failing | Stage::Ended(_) => false,
        };
        // In one step: else somebody could take it in between, and the run would find nothing.
        let _ = payload.put_back(left, || {
            if goes_on {
                let _ = frame.gate.request();
            }
        });
    }

    fn end_row_of_failures(&mut self) {
        let frame = &self.shared.frame;
        // ORDERING: Relaxed. Only the owner begins a row.
        if frame.failures.load(Ordering::Relaxed) != 0 {
            lock(&self.shared.control).hold.failures = 0;
            // ORDERING: Relaxed. To be looked at.
            frame.failures.store(0, Ordering::Relaxed);
        }
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
        let handed = control.handed.take().map(|Handed { run, given }| {
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
            discard_panics(|| drop(payload.put_back(given, || ())));
        }
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

impl<P: Payload> Started<P> {
    pub(super) fn epoch(&self) -> Epoch {
        self.run.as_ref().map_or(Epoch::NEVER_RAN, DetachedRun::epoch)
    }

    #[cfg(feature = "async")]
    pub(super) fn throttled(&self) -> Arc<dyn HasFrame> {
        Arc::<Shared<P>>::clone(&self.shared)
    }

    /// What is to go back if this is dropped.
    #[cfg(feature = "async")]
    pub(super) fn bring_home(&mut self, given: Option<P::Given>) {
        self.given = given;
    }

    /// Finishes the run.
    fn end(&mut self) {
        let frame = &self.shared.frame;
        if let Some(run) = self.run.take() {
            drop(frame.gate.resume(run));
            frame.waiting().notify();
        }
    }
}

impl<P: Payload> Drop for Started<P> {
    fn drop(&mut self) {
        let Shared { frame, payload, .. } = &*self.shared;
        if self.run.is_none() || frame.is_forked() {
            return;
        }
        let epoch = self.epoch();
        if let Some(given) = self.given.take() {
            discard_panics(|| drop(payload.put_back(given, || ())));
        }
        // Before the finish, so that nobody finds the calls neither covered nor owed.
        let (owed, _) = frame.gate.owe();
        self.end();
        if owed == Owe::Owed {
            observe::abandoned(self.shared.frame.source(), epoch);
        }
    }
}

/// Finishes the run when it is dropped.
struct EndOnDrop<'s, P: Payload>(&'s mut Started<P>);

impl<P: Payload> Drop for EndOnDrop<'_, P> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Calls what the user wrote, and returns what it threw.
pub(super) fn caught(f: impl FnOnce() -> Result<(), AnyError>) -> Result<(), Thrown> {
    // A panic may leave the state of the function broken. That is up to the function: it is called again.
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(result) => result.map_err(Thrown::Error),
        Err(payload) => Err(Thrown::Panic(payload)),
    }
}
