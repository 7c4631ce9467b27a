//! [`Frame`]: what a front end has that performs runs itself, whatever its payload and whatever drives it: the gate, who
//! waits, and how runs ended.

use super::AnyClock;
use super::record::Record;
use crate::clock::Clock;
use crate::front::failure::Failure;
use crate::front::observe::Source;
use crate::front::wait::{WaitError, Waiting};
use crate::gate::Gate;
use crate::state::Epoch;
#[cfg(feature = "async")]
use crate::sync::AtomicU64;
use crate::sync::{AtomicU32, Event, Ordering, Process, this_thread};
use crate::time::{Threshold, Timestamp};
use core::time::Duration;
use std::sync::{Arc, Weak};

pub(crate) struct Frame {
    pub(crate) gate: Gate,
    event: Event,
    /// How many threads and tasks wait on the event, or are about to.
    waiters: AtomicU32,
    pub(crate) clock: AnyClock,
    /// The number of the thread that runs the function, or polls it at the moment; 0 if none does.
    runner: AtomicU32,
    /// The process that made it.
    process: Process,
    in_child: InChild,
    record: Record,
    /// What events call the front end.
    front: &'static str,
    /// What has this frame, for a ticket that is to keep it.
    itself: Weak<dyn HasFrame>,
}

/// What becomes of a throttle in a forked child.
pub(crate) enum InChild {
    /// What performs its runs is in the parent.
    Ends,
    /// It goes on, with tasks that are spawned in the child.
    #[cfg(feature = "async")]
    GoesOn {
        /// The forked child that has it now; 0 before one does.
        child: AtomicU64,
    },
}

/// Has a frame, whatever its payload.
pub(crate) trait HasFrame: Send + Sync {
    fn frame(&self) -> &Frame;
}

impl Frame {
    pub(crate) fn new(
        front: &'static str,
        threshold: Threshold,
        clock: AnyClock,
        in_child: InChild,
        itself: Weak<dyn HasFrame>,
    ) -> Self {
        Self {
            gate: Gate::new(threshold),
            event: Event::new(),
            waiters: AtomicU32::new(0),
            clock,
            runner: AtomicU32::new(0),
            process: Process::this(),
            in_child,
            record: Record::new(),
            front,
            itself,
        }
    }

    pub(super) fn itself(&self) -> Weak<dyn HasFrame> {
        Weak::clone(&self.itself)
    }

    pub(crate) fn waiting(&self) -> Waiting<'_, AnyClock> {
        Waiting { clock: &self.clock, event: &self.event, waiters: &self.waiters }
    }

    pub(crate) fn source(&self) -> Source {
        Source { front: self.front, address: (&raw const self.gate).cast() }
    }

    #[cfg(feature = "async")]
    pub(crate) fn waiters(&self) -> &AtomicU32 {
        &self.waiters
    }

    /// Records how the run of `epoch` ended. Only that run calls it, before it finishes.
    pub(crate) fn settle(&self, epoch: Epoch, failure: Option<Arc<Failure>>) {
        self.record.settle(epoch, failure, || self.process.is_forked());
    }

    /// The failure of the latest run that is settled, if it has failed. Only the run in progress asks.
    #[cfg(feature = "async")]
    pub(crate) fn latest_failure(&self) -> Option<Arc<Failure>> {
        self.record.latest_failure(|| self.process.is_forked())
    }

    /// How a wait for a run after `epoch` would end at once, if it would.
    pub(crate) fn look_for_cover(&self, epoch: Epoch) -> Option<Result<(), WaitError>> {
        if epoch == Epoch::NO_CALL {
            return Some(Ok(()));
        }
        self.record.look_for_cover(&self.gate, epoch, || self.process.is_forked())
    }

    /// As [`look_for_cover`](Self::look_for_cover), for one that cannot be waited for here.
    fn look_before_wait(&self, epoch: Epoch) -> Option<Result<(), WaitError>> {
        match self.look_for_cover(epoch) {
            Some(Ok(())) => Some(Ok(())),
            _ if self.is_forked() => Some(Err(WaitError::Forked)),
            Some(result) => Some(result),
            None if self.is_runner() => Some(Err(WaitError::InsideRun)),
            None => None,
        }
    }

    /// Waits until the run that covers a call of `epoch` has ended.
    pub(super) fn wait_for_cover(&self, epoch: Epoch, limit: Option<Timestamp>) -> Result<(), WaitError> {
        if let Some(result) = self.look_before_wait(epoch) {
            return result;
        }
        self.waiting().until(|| match self.look_for_cover(epoch) {
            Some(result) => Ok(result),
            None if limit.is_some_and(|limit| self.clock.now() >= limit) => Ok(Err(WaitError::TimedOut)),
            None => Err(limit),
        })
    }

    /// As [`wait_for_cover`](Self::wait_for_cover), for a task.
    pub(super) async fn cover(&self, epoch: Epoch) -> Result<(), WaitError> {
        if let Some(result) = self.look_before_wait(epoch) {
            return result;
        }
        let waiting = self.waiting();
        waiting
            .notified_until(|| match self.look_for_cover(epoch) {
                None if self.is_runner() => Some(Err(WaitError::InsideRun)),
                looked => looked,
            })
            .await
    }

    /// The epoch of a call that all calls made until now are covered with. `NO_CALL` if there was none.
    pub(crate) fn latest_call(&self) -> Epoch {
        let state = self.gate.state();
        match state.epoch() {
            latest if state.is_pending() || state.is_owed() => latest,
            Epoch::NEVER_RAN => Epoch::NO_CALL,
            // The latest run itself is the one to wait for.
            latest => latest.previous(),
        }
    }

    /// Wakes all who wait, and what performs the runs. A forked child may have none of them, and the lock of the event may
    /// be held.
    pub(crate) fn notify_unless_forked(&self) {
        if !self.is_forked() {
            self.waiting().notify();
        }
    }

    /// Marks this thread as the one that runs the function, or polls it, until the result is dropped.
    pub(crate) fn step_inside(&self) -> Inside<'_> {
        Inside::step(&self.runner)
    }

    /// Whether this thread runs the function: what waits here for a run waits for itself.
    pub(crate) fn is_runner(&self) -> bool {
        // ORDERING: Relaxed; see `Inside::step`.
        self.runner.load(Ordering::Relaxed) == this_thread()
    }

    /// Whether this is a forked child, in which it has ended. Leaves owed what only the parent has: from now on no call
    /// coalesces into that.
    pub(crate) fn is_forked(&self) -> bool {
        if !self.process.is_forked() {
            return false;
        }
        match &self.in_child {
            InChild::Ends => {
                self.abandon_lost();
                true
            }
            #[cfg(feature = "async")]
            InChild::GoesOn { child } => {
                self.take_over_in(child);
                false
            }
        }
    }

    fn abandon_lost(&self) {
        let state = self.gate.state();
        if state.has_owner() {
            let _ = self.gate.claim(state.epoch()).abandon();
        }
    }

    /// The first to ask in the child takes it over; from then on it belongs to this process.
    #[cfg(feature = "async")]
    #[cold]
    fn take_over_in(&self, child: &AtomicU64) {
        // Where the thread that has forked is inside of the run, the run is in the child.
        let is_lost = !self.is_runner();
        // Before it is taken over: what is decided after that belongs to this process.
        let state = self.gate.state();
        let this = u64::from(Process::this());
        let take_over = |child| (child != this).then_some(this);
        // ORDERING: Relaxed. The fork has made visible all that the parent wrote before it.
        if child.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take_over).is_err() {
            return;
        }
        if state.is_running() && is_lost {
            // Before the finish, so that nobody finds the calls neither covered nor owed.
            let _ = self.gate.owe();
            let _ = self.gate.finish_lost(state.epoch());
        }
        if state.has_owner() {
            let _ = self.gate.claim(state.epoch()).abandon();
        }
        self.waiting().notify();
    }

    /// The limit of a wait, as a time.
    pub(crate) fn within(&self, limit: Duration) -> Timestamp {
        self.clock.now().saturating_add(limit)
    }
}

/// This thread runs the function until this is dropped.
pub(crate) struct Inside<'f>(&'f AtomicU32);

impl<'f> Inside<'f> {
    /// Writes the number of this thread to `runner`.
    pub(crate) fn step(runner: &'f AtomicU32) -> Self {
        // ORDERING: Relaxed. A thread asks only whether it wrote its own number itself.
        runner.store(this_thread(), Ordering::Relaxed);
        Self(runner)
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        // ORDERING: Relaxed; see `step`.
        self.0.store(0, Ordering::Relaxed);
    }
}
