//! What the handles and the thread of a [`Throttled`](super::Throttled) share.

use crate::background::{Ended, Pending, Shutdown, Stage};
use crate::clock::Clock;
use crate::gate::{Flushed, Gate};
use crate::observe::Source;
use crate::state::{Epoch, Request};
use crate::sync::{AtomicU32, AtomicU64, Event, Mutex, Ordering, lock, this_thread};
use crate::throttle::NotFlushed;
use crate::time::{Threshold, Timestamp};
use crate::wait::{WaitError, Waiting};
use std::sync::Arc;

/// A clock of any type: only the thread reads it often.
pub(crate) type AnyClock = Arc<dyn Clock + Send + Sync>;

pub(super) struct Shared {
    pub(super) gate: Gate,
    event: Event,
    waiters: AtomicU32,
    pub(super) clock: AnyClock,
    pub(super) control: Mutex<Control>,
    /// The number of the thread that runs the function, 0 until it has begun.
    worker: AtomicU32,
    /// The epoch of the latest run that completed.
    succeeded: AtomicU64,
    /// The epoch of the latest run that panicked.
    panicked: AtomicU64,
    pub(super) runs: AtomicU64,
    pub(super) panics: AtomicU64,
}

/// What is decided under the lock: whether calls are still taken, and the run that a flush has started.
pub(super) struct Control {
    pub(super) stage: Stage,
    /// The epoch of the run, until the thread takes it up.
    pub(super) handed: Option<Epoch>,
}

impl Shared {
    pub(super) fn new(threshold: Threshold, clock: AnyClock) -> Self {
        Self {
            gate: Gate::new(threshold),
            event: Event::new(),
            waiters: AtomicU32::new(0),
            clock,
            control: Mutex::new(Control { stage: Stage::Going, handed: None }),
            worker: AtomicU32::new(0),
            succeeded: AtomicU64::new(0),
            panicked: AtomicU64::new(0),
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

    /// A call that was not coalesced. The lock puts it before the end or after it; the decision itself is
    /// the gate's.
    pub(super) fn request(&self) -> Result<Epoch, Ended> {
        self.request_after(|| ())
    }

    /// As [`request`](Self::request), after `publish`, which is called only if the call is taken.
    pub(super) fn request_after(&self, publish: impl FnOnce()) -> Result<Epoch, Ended> {
        let control = lock(&self.control);
        control.stage.check()?;
        publish();
        let (request, epoch) = self.gate.request();
        drop(control);
        if request == Request::Requested {
            self.waiting().notify();
        }
        Ok(epoch)
    }

    /// Starts the pending run, and hands it to the thread.
    pub(super) fn flush(&self) -> Result<(), NotFlushed> {
        let now = self.clock.now();
        let mut control = lock(&self.control);
        if control.stage.check().is_err() {
            return Err(NotFlushed::Ended);
        }
        match self.gate.flush(now) {
            Flushed::Run(run) => control.handed = Some(run.detach()),
            Flushed::Busy => return Err(NotFlushed::Running),
            Flushed::Nothing => return Err(NotFlushed::NothingPending),
        }
        drop(control);
        self.waiting().notify();
        Ok(())
    }

    /// Asks for the end.
    pub(super) fn end(&self, pending: Pending) {
        lock(&self.control).stage.end(pending);
        self.waiting().notify();
    }

    /// Waits until the thread has ended, at most until the clock reads `limit`.
    pub(super) fn wait_for_end(&self, limit: Option<Timestamp>) -> Result<Shutdown, WaitError> {
        let ended = || lock(&self.control).stage.ended();
        if let Some(shutdown) = ended() {
            return Ok(shutdown);
        }
        if self.is_worker() {
            return Err(WaitError::InsideRun);
        }
        self.waiting().until(|| match ended() {
            Some(shutdown) => Ok(Ok(shutdown)),
            None if limit.is_some_and(|limit| self.clock.now() >= limit) => Ok(Err(WaitError::TimedOut)),
            None => Err(limit),
        })
    }

    /// Waits until a run after `epoch` has completed.
    pub(super) fn wait_for_cover(&self, epoch: Epoch, limit: Option<Timestamp>) -> Result<(), WaitError> {
        // A later run may be in progress already.
        if self.has_completed_after(epoch) == Some(true) {
            return Ok(());
        }
        if self.is_worker() {
            self.waiting().look_for_cover(epoch).unwrap_or(Err(WaitError::InsideRun))?;
        } else {
            self.waiting().for_cover(epoch, limit)?;
        }
        let completed = self.has_completed_after(epoch);
        // The next run has completed meanwhile and hides what became of the one before: it finishes soon.
        let completed =
            completed.unwrap_or_else(|| self.waiting().until(|| self.has_completed_after(epoch).ok_or(None)));
        if completed {
            return Ok(());
        }
        // ORDERING: Relaxed. The run stored it before it finished, and it was seen to finish.
        let panicked = self.panicked.load(Ordering::Relaxed) > epoch.as_u64();
        // Else it was started by a flush, and the thread ended before it.
        Err(if panicked { WaitError::Panicked } else { WaitError::Owed })
    }

    /// Whether a run after `epoch` has completed; `None` if one has that was not seen to finish.
    fn has_completed_after(&self, epoch: Epoch) -> Option<bool> {
        // First, for it is what makes visible what the run wrote.
        let state = self.gate.state();
        // ORDERING: Relaxed. The run stored it before it finished.
        let completed = self.succeeded.load(Ordering::Relaxed);
        if completed <= epoch.as_u64() {
            return Some(false);
        }
        let latest = state.epoch().as_u64();
        (latest > completed || latest == completed && !state.is_running()).then_some(true)
    }

    /// Waits until all that was requested before has been run.
    pub(super) fn wait_for_all(&self, limit: Option<Timestamp>) -> Result<(), WaitError> {
        let state = self.gate.state();
        if state.is_owed() {
            return Err(WaitError::Owed);
        }
        match state.epoch() {
            latest if state.is_pending() => self.wait_for_cover(latest, limit),
            Epoch::NEVER_RAN => Ok(()),
            // The latest run itself is the one to wait for.
            latest => self.wait_for_cover(latest.previous(), limit),
        }
    }

    /// Leaves word of how the run of `epoch` ended, before it finishes.
    pub(super) fn record(&self, epoch: Epoch, completed: bool) {
        let latest = if completed { &self.succeeded } else { &self.panicked };
        // ORDERING: Relaxed; the finish that follows publishes it.
        latest.store(epoch.as_u64(), Ordering::Relaxed);
    }

    pub(super) fn i_am_the_worker(&self) {
        // ORDERING: Relaxed. A thread asks only whether it wrote its own number itself.
        self.worker.store(this_thread(), Ordering::Relaxed);
    }

    /// Whether this is the thread that runs the function.
    pub(super) fn is_worker(&self) -> bool {
        // ORDERING: Relaxed; see `i_am_the_worker`.
        self.worker.load(Ordering::Relaxed) == this_thread()
    }

    /// The limit of a wait, as a time.
    pub(super) fn within(&self, limit: core::time::Duration) -> Timestamp {
        self.clock.now().saturating_add(limit)
    }
}
