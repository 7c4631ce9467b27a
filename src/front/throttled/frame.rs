//! What does not depend on the payload of a [`Throttled`](super::Throttled): the gate, and who waits for it.

use super::pace::{Hold, Pace};
use crate::clock::Clock;
use crate::front::observe::Source;
use crate::front::owner::AnyClock;
use crate::front::owner::record::Record;
use crate::front::wait::{WaitError, Waiting};
use crate::gate::Gate;
use crate::state::Epoch;
use crate::sync::{AtomicU32, AtomicU64, Event, Ordering, Process, this_thread};
use crate::time::{Threshold, Timestamp};
use core::time::Duration;
use std::sync::Weak;

pub(crate) struct Frame {
    pub(super) gate: Gate,
    /// Whether each call tells the time. Beside the gate: every call reads it.
    pub(super) is_debounced: bool,
    /// So many calls, or values that they brought, end a delay or a quiet time.
    pub(super) enough: u64,
    pub(super) pace: Pace,
    event: Event,
    waiters: AtomicU32,
    pub(super) clock: AnyClock,
    /// The number of the thread that runs the function, or polls it at the moment; 0 if none does.
    runner: AtomicU32,
    /// The process that has the thread or the task.
    process: Process,
    pub(super) record: Record,
    pub(super) runs: AtomicU64,
    pub(super) panics: AtomicU64,
    /// The time of the latest call, where each tells it.
    latest_call: AtomicU64,
    /// Until when the pending run is held beside its window, and how many runs in a row have failed: to be looked at.
    held_until: AtomicU64,
    pub(super) failures: AtomicU32,
    /// What has this frame, for a ticket that is to keep it.
    itself: Weak<dyn HasFrame>,
}

/// Has a frame, whatever its payload.
pub(super) trait HasFrame: Send + Sync {
    fn frame(&self) -> &Frame;
}

impl Frame {
    pub(super) fn new(
        threshold: Threshold,
        pace: Pace,
        enough: u64,
        clock: AnyClock,
        itself: Weak<dyn HasFrame>,
    ) -> Self {
        Self {
            gate: Gate::new(threshold),
            is_debounced: pace.needs_each_call(),
            enough,
            pace,
            event: Event::new(),
            waiters: AtomicU32::new(0),
            clock,
            runner: AtomicU32::new(0),
            process: Process::this(),
            record: Record::new(),
            runs: AtomicU64::new(0),
            panics: AtomicU64::new(0),
            latest_call: AtomicU64::new(0),
            held_until: AtomicU64::new(0),
            failures: AtomicU32::new(0),
            itself,
        }
    }

    pub(super) fn itself(&self) -> Weak<dyn HasFrame> {
        Weak::clone(&self.itself)
    }

    pub(super) fn waiting(&self) -> Waiting<'_, AnyClock> {
        Waiting { clock: &self.clock, event: &self.event, waiters: &self.waiters }
    }

    pub(super) fn source(&self) -> Source {
        Source { front: "Throttled", address: (&raw const self.gate).cast() }
    }

    #[cfg(feature = "async")]
    pub(super) fn waiters(&self) -> &AtomicU32 {
        &self.waiters
    }

    /// Tells the time of this call, if the pace is by it. Before the call is decided: the clock may panic.
    #[inline]
    pub(super) fn tell_call(&self) {
        if self.is_debounced {
            self.tell_time();
        }
    }

    #[cold]
    pub(super) fn tell_time(&self) {
        let now = self.clock.now().as_nanos();
        // The latest of all threads.
        let later = |latest| (now > latest).then_some(now);
        // ORDERING: Relaxed. A run that starts while a call is made may start as if before it.
        let _ = self.latest_call.fetch_update(Ordering::Relaxed, Ordering::Relaxed, later);
    }

    pub(super) fn latest_call(&self) -> Timestamp {
        // ORDERING: Relaxed; see `tell_time`.
        Timestamp::from_nanos(self.latest_call.load(Ordering::Relaxed))
    }

    /// Shows until when the pending run is held beside its window.
    pub(super) fn show_held(&self, until: Timestamp) {
        // ORDERING: Relaxed. To be looked at; it is written under the lock of what holds the run.
        self.held_until.store(until.as_nanos(), Ordering::Relaxed);
    }

    pub(super) fn held_until(&self) -> Timestamp {
        // ORDERING: Relaxed; see `show_held`.
        Timestamp::from_nanos(self.held_until.load(Ordering::Relaxed))
    }

    /// Nothing holds the pending run any more, and the row of failures is over.
    pub(super) fn let_go(&self, hold: &mut Hold) {
        *hold = Hold::default();
        self.show_held(Timestamp::ZERO);
        // ORDERING: Relaxed. To be looked at; it is written under the lock of what holds the run.
        self.failures.store(0, Ordering::Relaxed);
    }

    /// How a wait for a run after `epoch` would end at once, if it would.
    pub(super) fn look_for_cover(&self, epoch: Epoch) -> Option<Result<(), WaitError>> {
        self.record.look_for_cover(&self.gate, epoch, || self.is_forked())
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

    /// The call that all calls made until now are covered with; `None` if there was none.
    pub(super) fn latest_request(&self) -> Option<Epoch> {
        let state = self.gate.state();
        match state.epoch() {
            latest if state.is_pending() || state.is_owed() => Some(latest),
            Epoch::NEVER_RAN => None,
            // The latest run itself is the one to wait for.
            latest => Some(latest.previous()),
        }
    }

    /// Waits until all that was requested before has been run.
    pub(super) fn wait_for_all(&self, limit: Option<Timestamp>) -> Result<(), WaitError> {
        self.latest_request().map_or(Ok(()), |epoch| self.wait_for_cover(epoch, limit))
    }

    /// Wakes all who wait, and the thread. A forked child has none of them, and the lock of the event may be held.
    pub(super) fn notify_unless_forked(&self) {
        if !self.is_forked() {
            self.waiting().notify();
        }
    }

    /// Marks this thread as the one that runs the function, until the result is dropped.
    pub(super) fn step_inside(&self) -> Inside<'_> {
        // ORDERING: Relaxed. A thread asks only whether it wrote its own number itself.
        self.runner.store(this_thread(), Ordering::Relaxed);
        Inside(&self.runner)
    }

    /// Whether this thread runs the function: what waits here for a run waits for itself.
    pub(super) fn is_runner(&self) -> bool {
        // ORDERING: Relaxed; see `step_inside`.
        self.runner.load(Ordering::Relaxed) == this_thread()
    }

    /// In a forked child what is pending is left owed: from now on no call coalesces.
    pub(super) fn is_forked(&self) -> bool {
        let is_forked = self.process.is_forked();
        if is_forked {
            let state = self.gate.state();
            if state.has_owner() {
                let _ = self.gate.claim(state.epoch()).abandon();
            }
        }
        is_forked
    }

    /// The limit of a wait, as a time.
    pub(super) fn within(&self, limit: Duration) -> Timestamp {
        self.clock.now().saturating_add(limit)
    }
}

/// This thread runs the function until this is dropped.
pub(super) struct Inside<'f>(&'f AtomicU32);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        // ORDERING: Relaxed; see `Frame::step_inside`.
        self.0.store(0, Ordering::Relaxed);
    }
}
