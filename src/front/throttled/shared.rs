//! What the handles and the thread of a [`Throttled`](super::Throttled) share.

use crate::clock::Clock;
use crate::front::observe::Source;
use crate::front::owner::endings::Endings;
use crate::front::owner::keeper::Ending;
use crate::front::owner::{AnyClock, Ended, Pending, Shutdown, Stage};
use crate::front::throttle::NotFlushed;
use crate::front::wait::{WaitError, Waiting};
use crate::gate::{DetachedRun, Flushed, Gate};
use crate::state::{Epoch, Request};
use crate::sync::{AtomicU32, AtomicU64, Event, Mutex, Ordering, Process, lock, this_thread};
use crate::time::{Threshold, Timestamp};

pub(super) struct Shared {
    pub(super) gate: Gate,
    event: Event,
    waiters: AtomicU32,
    pub(super) clock: AnyClock,
    pub(super) control: Mutex<Control>,
    /// The number of the thread that runs the function, 0 until it has begun.
    worker: AtomicU32,
    /// The process that has the thread.
    process: Process,
    pub(super) endings: Endings,
    pub(super) runs: AtomicU64,
    pub(super) panics: AtomicU64,
}

/// What is decided under the lock: whether calls are still taken, and the run that a flush has started.
pub(super) struct Control {
    pub(super) stage: Stage,
    /// The run, until the thread takes it up.
    pub(super) handed: Option<DetachedRun>,
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

    /// A call that was not coalesced. The lock puts it before the end or after it; the decision itself is
    /// the gate's.
    pub(super) fn request(&self) -> Result<Epoch, Ended> {
        self.request_after(Stage::check, || ())
    }

    /// As [`request`](Self::request), after `publish`, where `check` takes the call.
    pub(super) fn request_after(
        &self,
        check: impl FnOnce(Stage) -> Result<(), Ended>,
        publish: impl FnOnce(),
    ) -> Result<Epoch, Ended> {
        if self.is_forked() {
            return Err(Ended::Forked);
        }
        let control = lock(&self.control);
        check(control.stage)?;
        publish();
        let (request, epoch) = self.gate.request();
        drop(control);
        if request == Request::Requested {
            self.waiting().notify();
        }
        Ok(epoch)
    }

    /// For what is to be performed before the end, too.
    #[cfg(feature = "batch")]
    pub(super) fn request_before_the_end(&self) -> Result<Epoch, Ended> {
        self.request_after(Stage::check_pending, || ())
    }

    #[cfg(feature = "batch")]
    pub(super) fn is_going(&self) -> bool {
        lock(&self.control).stage == Stage::Going
    }

    /// Starts the pending run, and hands it to the thread.
    pub(super) fn flush(&self) -> Result<(), NotFlushed> {
        if self.is_forked() {
            return Err(NotFlushed::Ended);
        }
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

    /// The limit of a wait, as a time.
    pub(super) fn within(&self, limit: core::time::Duration) -> Timestamp {
        self.clock.now().saturating_add(limit)
    }
}

impl Ending for Shared {
    fn end(&self, pending: Pending) {
        lock(&self.control).stage.end(pending);
        self.waiting().notify();
    }

    fn wait_for_end(&self, limit: Option<Timestamp>) -> Result<Shutdown, WaitError> {
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

    fn is_worker(&self) -> bool {
        // ORDERING: Relaxed; see `i_am_the_worker`.
        self.worker.load(Ordering::Relaxed) == this_thread()
    }

    /// In a forked child what is pending is left owed: from now on no call coalesces.
    fn is_forked(&self) -> bool {
        let is_forked = self.process.is_forked();
        if is_forked {
            let state = self.gate.state();
            if state.has_owner() {
                let _ = self.gate.claim(state.epoch()).abandon();
            }
        }
        is_forked
    }

    fn clock(&self) -> &AnyClock {
        &self.clock
    }
}
