//! What the handles of one throttle and its tasks share, and the wait for a covering run.

use super::Runtime;
use super::endings::Endings;
use super::until::until;
use crate::front::observe::Source;
use crate::front::wait::{WaitError, Waiting};
use crate::gate::Gate;
use crate::state::Epoch;
use crate::sync::{AtomicU32, AtomicU64, Event, Ordering, Process, this_thread};
use crate::time::Threshold;
use core::time::Duration;

pub(super) struct Shared<R> {
    pub(super) gate: Gate,
    event: Event,
    /// How many futures wait on the event, or are about to.
    pub(super) waiters: AtomicU32,
    /// The thread that polls the function of the run in progress, 0 if none does at the moment.
    runner: AtomicU32,
    /// The process that made it.
    process: Process,
    /// The forked child that it belongs to; 0 for the process that made it.
    child: AtomicU64,
    pub(super) endings: Endings,
    pub(super) runtime: R,
}

/// The runs that cover a call: those with a greater epoch than this one.
#[derive(Clone, Copy, Debug)]
pub(super) struct After(Epoch);

impl After {
    /// Those after the run of `epoch`.
    pub(super) fn the_run(epoch: Epoch) -> Self {
        Self(epoch)
    }

    /// Those from the run of `epoch` on.
    pub(super) fn before_the_run(epoch: Epoch) -> Self {
        Self(epoch.previous())
    }

    pub(super) fn epoch(self) -> Epoch {
        self.0
    }
}

impl<R> Shared<R> {
    pub(super) fn new(threshold: Threshold, runtime: R) -> Self {
        Self {
            gate: Gate::new(threshold),
            event: Event::new(),
            waiters: AtomicU32::new(0),
            runner: AtomicU32::new(0),
            process: Process::this(),
            child: AtomicU64::new(0),
            endings: Endings::new(),
            runtime,
        }
    }

    pub(super) fn source(&self) -> Source {
        Source { front: "AsyncThrottle", address: (&raw const self.gate).cast() }
    }

    /// Marks this thread as inside the run while it calls or polls the function.
    pub(super) fn step_inside(&self) -> Inside<'_> {
        // ORDERING: Relaxed. A thread asks only whether it wrote its own number itself.
        self.runner.store(this_thread(), Ordering::Relaxed);
        Inside(&self.runner)
    }

    /// Whether this code is polled by the function of the run in progress.
    pub(super) fn is_inside_run(&self) -> bool {
        // ORDERING: Relaxed; see `step_inside`.
        let runner = self.runner.load(Ordering::Relaxed);
        runner != 0 && runner == this_thread()
    }

    /// Whether a wait for a run that covers a call would end at once, and how.
    pub(super) fn look_for_cover(&self, after: After) -> Option<Result<(), WaitError>> {
        self.endings.look_for_cover(&self.gate, after.0)
    }
}

impl<R: Runtime> Shared<R> {
    pub(super) fn waiting(&self) -> Waiting<'_, R> {
        Waiting { clock: &self.runtime, event: &self.event, waiters: &self.waiters }
    }

    /// In a forked child: leaves owed what tasks in the parent hold. The first to ask does so; then the throttle
    /// belongs to this process. Call it before a wait for another task.
    #[cold]
    pub(super) fn release_lost(&self) {
        if self.is_inside_run() || !self.process.is_forked() {
            return;
        }
        // Before the throttle is taken over: what is decided after that belongs to this process.
        let state = self.gate.state();
        let this = u64::from(Process::this());
        let take_over = |child| (child != this).then_some(this);
        // ORDERING: Relaxed. The fork has made visible all that the parent wrote before it.
        if self.child.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take_over).is_err() {
            return;
        }
        if state.is_running() {
            // Before the finish, so that nobody finds the calls neither covered nor owed.
            let _ = self.gate.owe();
            let _ = self.gate.finish_lost(state.epoch());
        }
        if state.has_owner() {
            let _ = self.gate.claim(state.epoch()).abandon();
        }
        self.waiting().notify();
    }

    /// Waits until a run that covers a call has finished, or will not come, or `limit` has passed.
    pub(super) async fn wait_for_cover(
        &self,
        after: After,
        limit: Option<Duration>,
    ) -> Result<(), WaitError> {
        if let Some(result) = self.look_for_cover(after) {
            return result;
        }
        self.release_lost();
        let clock = &self.runtime;
        let limit = limit.map(|limit| clock.now().saturating_add(limit));
        until(self, || match self.look_for_cover(after) {
            Some(result) => Ok(result),
            None if self.is_inside_run() => Ok(Err(WaitError::InsideRun)),
            None if limit.is_some_and(|limit| clock.now() >= limit) => Ok(Err(WaitError::TimedOut)),
            None => Err(limit),
        })
        .await
    }
}

/// This thread is inside the run until this is dropped.
pub(super) struct Inside<'s>(&'s AtomicU32);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        // ORDERING: Relaxed; see `step_inside`.
        self.0.store(0, Ordering::Relaxed);
    }
}
