//! What the handles and the thread of a [`Throttled`](super::Throttled) share.
//!
//! # How a call reaches the thread
//!
//! A call that is not coalesced makes a *request*: a deferral whose owner is the one `engine`. A driver asks the engine what
//! is to be done, and calls the function: `thread`, `task` and `by_hand` are the drivers. The engine looks at the word,
//! claims what is pending, and says until when it is to sleep: until the end of the window, or for as long as the `pace` or
//! a back-off holds the run. A thread sleeps in the same wait loop as every other waiter. What is said of the thread below
//! is so for a task as well.
//!
//! One lock (`Control`) orders what happens once in a while: a request, a flush and the end. A call holds it
//! for one decision. So a request comes before the end and is served, or it comes after the end and is
//! refused. If the end were a flag that a call looks at before it decides, a thread that has gone could
//! accept a call. The coalesced path does not take the lock: while a run is pending, the thread has not
//! ended.
//!
//! # How a flush reaches the thread
//!
//! The gate decides a flush where it is called. Only then is it one step against a cancel and a new request:
//! a flag that asks the thread to flush could outlive the deferral that it was meant for, and start the next
//! one early. The run that the flush has started is *detached*, its epoch is left under the lock, and the
//! thread *resumes* it. When a panic ends the thread before that, the run is left owed, and then finishes.

use super::paced::Paced;
use crate::clock::Clock;
use crate::front::outcome::NotFlushed;
use crate::front::owner::frame::{Frame, HasFrame, InChild};
use crate::front::owner::keeper::Ends;
use crate::front::owner::{AnyClock, Ended, Pending, Shutdown, Stage};
use crate::front::pace::{Hold, Pace};
use crate::front::payload::{Count, NotPut, Payload, Rejected, Values};
use crate::front::wait::{NotifyOnDrop, Waiting};
use crate::gate::{DetachedRun, Flushed};
use crate::state::{DeferralStatus, Epoch, Request};
use crate::sync::{Mutex, cancels_before_the_lock, lock, lock_unless};
use crate::time::{Threshold, Timestamp};
use std::sync::{Arc, Weak};

pub(crate) struct Shared<P: Payload> {
    pub(super) frame: Frame,
    pub(super) paced: Paced,
    pub(super) control: Mutex<Control<P::Given>>,
    pub(super) payload: P,
}

/// What is decided under the lock: whether calls are still taken, and the run that a flush has started.
pub(super) struct Control<G> {
    pub(super) stage: Stage,
    /// The run, until the thread takes it up.
    pub(super) handed: Option<Handed<G>>,
    pub(super) hold: Hold,
}

/// A run that a flush has started, with what it is given.
pub(super) struct Handed<G> {
    pub(super) run: DetachedRun,
    pub(super) given: Option<G>,
}

impl<P: Payload> HasFrame for Shared<P> {
    fn frame(&self) -> &Frame {
        &self.frame
    }
}

impl<P: Payload> Shared<P> {
    pub(super) fn new(
        threshold: Threshold,
        pace: Pace,
        enough: u64,
        clock: AnyClock,
        payload: P,
    ) -> Arc<Self> {
        let control = Mutex::new(Control { stage: Stage::Going, handed: None, hold: Hold::default() });
        Arc::new_cyclic(|itself: &Weak<Self>| {
            let itself: Weak<dyn HasFrame> = Weak::<Self>::clone(itself);
            let frame = Frame::new("Throttled", threshold, clock, InChild::Ends, itself);
            Self { frame, paced: Paced::new(pace, enough), control, payload }
        })
    }

    /// A call that was not coalesced. The lock puts it before the end or after it; the decision itself is
    /// the gate's.
    pub(super) fn request(&self) -> Result<Epoch, Ended> {
        if self.frame.is_forked() {
            return Err(Ended::Forked);
        }
        let first_call = self.time_of_first_call();
        let mut control = lock(&self.control);
        control.stage.check()?;
        let (request, epoch) = self.ask(&mut control, first_call);
        drop(control);
        if request == Request::Requested {
            self.frame.waiting().notify();
        }
        Ok(epoch)
    }

    /// The time for [`ask`](Self::ask), read before a lock is held.
    fn time_of_first_call(&self) -> Option<Timestamp> {
        self.paced.pace.needs_first_call().then(|| self.frame.clock.now())
    }

    /// Requests a run, and tells the pace when the first call came that it covers.
    fn ask(&self, control: &mut Control<P::Given>, first_call: Option<Timestamp>) -> (Request, Epoch) {
        let gate = &self.frame.gate;
        // A call that revives what was cancelled is the first one that the run covers, too.
        let revives = first_call.is_some() && gate.state().deferral() == DeferralStatus::Cancelled;
        let (request, epoch) = gate.request();
        if request == Request::Requested || revives {
            control.hold.first_call = first_call;
        }
        (request, epoch)
    }

    /// Gives up the pending run, and what holds it. In a forked child, where another thread may have the lock for ever,
    /// nothing holds it.
    pub(super) fn cancel(&self) -> Option<Epoch> {
        let cancel = || self.frame.gate.cancel_in();
        let early = if cancels_before_the_lock() { cancel() } else { None };
        let control = lock_unless(&self.control, || self.frame.is_forked());
        let cancelled = early.or_else(cancel);
        if let (Some(_), Some(mut control)) = (cancelled, control) {
            self.paced.let_go(&mut control.hold);
        }
        cancelled
    }

    /// Takes what no run was given, and gives up the pending run in the same step.
    pub(super) fn take(&self) -> (Option<P::Given>, Option<Epoch>) {
        let mut cancelled = None;
        let control = lock_unless(&self.control, || self.frame.is_forked());
        let given = self.payload.take(|| self.frame.is_forked(), || cancelled = self.frame.gate.cancel_in());
        if let (Some(_), Some(mut control)) = (cancelled, control) {
            self.paced.let_go(&mut control.hold);
        }
        (given, cancelled)
    }

    /// Starts the pending run, and hands it to the owner. Returns the epoch of the run.
    pub(super) fn flush(&self) -> Result<Epoch, NotFlushed> {
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
        let epoch = run.epoch();
        control.handed = Some(Handed { run, given });
        control.hold.release();
        drop(control);
        frame.waiting().notify();
        Ok(epoch)
    }
}

impl Shared<Count> {
    /// Counts a call, tells its time, and coalesces it if a run is pending.
    #[cold]
    pub(super) fn count_paced(&self) -> Option<Epoch> {
        self.paced.tell_call(&self.frame.clock);
        let is_enough = self.payload.count() == self.paced.enough;
        self.coalesce_counted(is_enough)
    }

    /// Coalesces a call that is counted already.
    #[cold]
    pub(super) fn coalesce_counted(&self, is_enough: bool) -> Option<Epoch> {
        let coalesced = self.frame.gate.coalesce_unfenced();
        // A call that makes a run pending wakes the owner in any case.
        if is_enough && coalesced.is_some() {
            self.frame.waiting().notify();
        }
        coalesced
    }
}

impl<P: Values> Shared<P> {
    /// A call that brings a value.
    #[inline]
    pub(super) fn bring(&self, value: P::Value) -> Result<Epoch, Rejected<P::Value>> {
        let frame = &self.frame;
        self.paced.tell_call(&frame.clock);
        match self.payload.put(value, || frame.is_forked(), || frame.gate.coalesce_unfenced()) {
            Ok((epoch, values)) => {
                if values == self.paced.enough {
                    frame.waiting().notify();
                }
                Ok(epoch)
            }
            Err(NotPut::Undecided(value)) => self.bring_first(value),
            Err(not_put) => Err(not_put.into()),
        }
    }

    /// As [`request`](Self::request), with a value.
    #[cold]
    fn bring_first(&self, value: P::Value) -> Result<Epoch, Rejected<P::Value>> {
        if self.frame.is_forked() {
            return Err(Rejected::ended(value, Ended::Forked));
        }
        let first_call = self.time_of_first_call();
        let mut control = lock(&self.control);
        if let Err(ended) = control.stage.check() {
            return Err(Rejected::ended(value, ended));
        }
        let request = || {
            let (_, epoch) = self.ask(&mut control, first_call);
            // Before the value is merged or pushed: nobody waits for that who does not need it.
            drop(control);
            Some(epoch)
        };
        // Also where there was no room, or what the user does with values panics: a run was asked for.
        let _notify = NotifyOnDrop(self.frame.waiting());
        Ok(self.payload.put(value, || false, request)?.0)
    }
}

impl<P: Payload> Ends for Shared<P> {
    fn end(&self, pending: Pending) {
        lock(&self.control).stage.end(pending);
        self.frame.waiting().notify();
    }

    fn ended(&self) -> Option<Shutdown> {
        lock(&self.control).stage.ended()
    }

    fn is_worker(&self) -> bool {
        self.frame.is_runner()
    }

    fn is_forked(&self) -> bool {
        self.frame.is_forked()
    }

    fn waiting(&self) -> Waiting<'_, AnyClock> {
        self.frame.waiting()
    }
}
