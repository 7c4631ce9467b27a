//! What the handles and the thread of a [`Throttled`](super::Throttled) share.

use super::frame::Frame;
use crate::clock::Clock;
use crate::front::owner::keeper::Ending;
use crate::front::owner::{AnyClock, Ended, Pending, Shutdown, Stage};
use crate::front::payload::{NotPut, Payload, Reason, Rejected, Values};
use crate::front::throttle::NotFlushed;
use crate::front::wait::WaitError;
use crate::gate::{DetachedRun, Flushed};
use crate::state::{Epoch, Request};
use crate::sync::{Mutex, lock};
use crate::time::{Threshold, Timestamp};

pub(crate) struct Shared<P: Payload> {
    pub(super) frame: Frame,
    pub(super) control: Mutex<Control<P::Given>>,
    pub(super) payload: P,
}

/// What is decided under the lock: whether calls are still taken, and the run that a flush has started.
pub(super) struct Control<G> {
    pub(super) stage: Stage,
    /// The run, until the thread takes it up.
    pub(super) handed: Option<Handed<G>>,
}

/// A run that a flush has started, with what it is given.
pub(super) struct Handed<G> {
    pub(super) run: DetachedRun,
    pub(super) given: Option<G>,
}

impl<P: Payload> Shared<P> {
    pub(super) fn new(threshold: Threshold, clock: AnyClock, payload: P) -> Self {
        let control = Mutex::new(Control { stage: Stage::Going, handed: None });
        Self { frame: Frame::new(threshold, clock), control, payload }
    }

    /// A call that was not coalesced. The lock puts it before the end or after it; the decision itself is
    /// the gate's.
    pub(super) fn request(&self) -> Result<Epoch, Ended> {
        if self.frame.is_forked() {
            return Err(Ended::Forked);
        }
        let control = lock(&self.control);
        control.stage.check()?;
        let (request, epoch) = self.frame.gate.request();
        drop(control);
        if request == Request::Requested {
            self.frame.waiting().notify();
        }
        Ok(epoch)
    }

    /// Starts the pending run, and hands it to the thread.
    pub(super) fn flush(&self) -> Result<(), NotFlushed> {
        let frame = &self.frame;
        if frame.is_forked() {
            return Err(NotFlushed::Ended);
        }
        let now = frame.clock.now();
        let mut control = lock(&self.control);
        if control.stage.check().is_err() {
            return Err(NotFlushed::Ended);
        }
        let flush = || match frame.gate.flush(now) {
            Flushed::Run(run) => Ok(run.detach()),
            Flushed::Busy => Err(NotFlushed::Running),
            Flushed::Nothing => Err(NotFlushed::NothingPending),
        };
        // A later call is covered by a later run: so this one takes now what it is given.
        let (run, given) = self.payload.start(flush)?;
        control.handed = Some(Handed { run, given });
        drop(control);
        frame.waiting().notify();
        Ok(())
    }
}

impl<P: Values> Shared<P> {
    /// A call that brings a value.
    #[inline]
    pub(super) fn bring(&self, value: P::Value) -> Result<Epoch, Rejected<P::Value>> {
        let gate = &self.frame.gate;
        match self.payload.put(value, || self.frame.is_forked(), || gate.coalesce_under_lock()) {
            Ok(epoch) => Ok(epoch),
            Err(NotPut::Undecided(value)) => self.bring_first(value),
            Err(not_put) => Err(rejected(not_put)),
        }
    }

    /// As [`request`](Self::request), with a value.
    #[cold]
    fn bring_first(&self, value: P::Value) -> Result<Epoch, Rejected<P::Value>> {
        if self.frame.is_forked() {
            return Err(Rejected::ended(value, Ended::Forked));
        }
        let control = lock(&self.control);
        if let Err(ended) = control.stage.check() {
            return Err(Rejected::ended(value, ended));
        }
        let request = || {
            let (_, epoch) = self.frame.gate.request();
            // Before the value is merged or pushed: nobody waits for that who does not need it.
            drop(control);
            Some(epoch)
        };
        let put = self.payload.put(value, || false, request);
        // Also where there was no room: a run was asked for.
        self.frame.waiting().notify();
        put.map_err(rejected)
    }
}

#[cold]
fn rejected<T>(not_put: NotPut<T>) -> Rejected<T> {
    match not_put {
        NotPut::Full(value) => Rejected { value, reason: Reason::Full },
        NotPut::InsideMerge(value) => Rejected { value, reason: Reason::InsideMerge },
        NotPut::Forked(value) => Rejected::ended(value, Ended::Forked),
        // It was decided: there is no other way to get here.
        NotPut::Undecided(value) => Rejected::ended(value, Ended::ShutDown),
    }
}

impl<P: Payload> Ending for Shared<P> {
    fn end(&self, pending: Pending) {
        lock(&self.control).stage.end(pending);
        self.frame.waiting().notify();
    }

    fn wait_for_end(&self, limit: Option<Timestamp>) -> Result<Shutdown, WaitError> {
        let ended = || lock(&self.control).stage.ended();
        if let Some(shutdown) = ended() {
            return Ok(shutdown);
        }
        if self.is_worker() {
            return Err(WaitError::InsideRun);
        }
        self.frame.waiting().until(|| match ended() {
            Some(shutdown) => Ok(Ok(shutdown)),
            None if limit.is_some_and(|limit| self.frame.clock.now() >= limit) => {
                Ok(Err(WaitError::TimedOut))
            }
            None => Err(limit),
        })
    }

    fn is_worker(&self) -> bool {
        self.frame.is_worker()
    }

    fn is_forked(&self) -> bool {
        self.frame.is_forked()
    }

    fn clock(&self) -> &AnyClock {
        &self.frame.clock
    }
}
