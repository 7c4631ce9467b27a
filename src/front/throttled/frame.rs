//! What does not depend on the payload of a [`Throttled`](super::Throttled): the gate, and who waits for it.

use crate::clock::Clock;
use crate::front::observe::Source;
use crate::front::owner::AnyClock;
use crate::front::owner::endings::Endings;
use crate::front::wait::{WaitError, Waiting};
use crate::gate::Gate;
use crate::state::Epoch;
use crate::sync::{AtomicU32, AtomicU64, Event, Ordering, Process, this_thread};
use crate::time::{Threshold, Timestamp};
use core::time::Duration;

pub(crate) struct Frame {
    pub(super) gate: Gate,
    event: Event,
    waiters: AtomicU32,
    pub(super) clock: AnyClock,
    /// The number of the thread that runs the function, 0 until it has begun.
    worker: AtomicU32,
    /// The process that has the thread.
    process: Process,
    pub(super) endings: Endings,
    pub(super) runs: AtomicU64,
    pub(super) panics: AtomicU64,
}

impl Frame {
    pub(super) fn new(threshold: Threshold, clock: AnyClock) -> Self {
        Self {
            gate: Gate::new(threshold),
            event: Event::new(),
            waiters: AtomicU32::new(0),
            clock,
            worker: AtomicU32::new(0),
            process: Process::this(),
            endings: Endings::new(),
            runs: AtomicU64::new(0),
            panics: AtomicU64::new(0),
        }
    }

    pub(super) fn waiting(&self) -> Waiting<'_, AnyClock> {
        Waiting { gate: &self.gate, clock: &self.clock, event: &self.event, waiters: &self.waiters }
    }

    pub(super) fn source(&self) -> Source<'_> {
        Source { front: "Throttled", gate: &self.gate }
    }

    /// Waits until a run after `epoch` has completed.
    pub(super) fn wait_for_cover(&self, epoch: Epoch, limit: Option<Timestamp>) -> Result<(), WaitError> {
        let look = || self.endings.look_for_cover(&self.gate, epoch);
        match look() {
            Some(Ok(())) => return Ok(()),
            _ if self.is_forked() => return Err(WaitError::Forked),
            Some(result) => return result,
            None if self.is_worker() => return Err(WaitError::InsideRun),
            None => {}
        }
        self.waiting().until(|| match look() {
            Some(result) => Ok(result),
            None if limit.is_some_and(|limit| self.clock.now() >= limit) => Ok(Err(WaitError::TimedOut)),
            None => Err(limit),
        })
    }

    /// Waits until all that was requested before has been run.
    pub(super) fn wait_for_all(&self, limit: Option<Timestamp>) -> Result<(), WaitError> {
        let state = self.gate.state();
        match state.epoch() {
            latest if state.is_pending() || state.is_owed() => self.wait_for_cover(latest, limit),
            Epoch::NEVER_RAN => Ok(()),
            // The latest run itself is the one to wait for.
            latest => self.wait_for_cover(latest.previous(), limit),
        }
    }

    /// Wakes all who wait, and the thread. A forked child has none of them, and the lock of the event may be held.
    pub(super) fn notify_unless_forked(&self) {
        if !self.is_forked() {
            self.waiting().notify();
        }
    }

    pub(super) fn i_am_the_worker(&self) {
        // ORDERING: Relaxed. A thread asks only whether it wrote its own number itself.
        self.worker.store(this_thread(), Ordering::Relaxed);
    }

    pub(super) fn is_worker(&self) -> bool {
        // ORDERING: Relaxed; see `i_am_the_worker`.
        self.worker.load(Ordering::Relaxed) == this_thread()
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
