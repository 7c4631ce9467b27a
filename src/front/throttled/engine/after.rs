//! What becomes of a run after its function: whether its calls are covered, what their tickets return, and what is tried again.

use super::Engine;
use super::started::{EndOnDrop, Started};
use crate::front::failure::{Failure, Retry, Thrown};
use crate::front::observe;
use crate::front::owner::{Panic, PanicHook, Pending, Stage, discard, discard_panics};
use crate::front::payload::Payload;
use crate::front::throttled::shared::Shared;
use crate::state::Epoch;
use crate::sync::{Ordering, lock, requests_after_the_lock, settles_after_the_finish};
use crate::time::Timestamp;
use core::mem;
use std::boxed::Box;
use std::sync::Arc;

/// The hook that is called after a run that failed.
pub(in crate::front::throttled) type ErrorHook = Box<dyn FnMut(&Failure) + Send>;

/// What the user has said about runs that fail.
#[derive(Default)]
pub(in crate::front::throttled) struct OnFailure {
    pub(in crate::front::throttled) on_panic: Option<PanicHook>,
    pub(in crate::front::throttled) on_error: Option<ErrorHook>,
    pub(in crate::front::throttled) retry: Option<Retry>,
    pub(in crate::front::throttled) panics_are_fatal: bool,
}

impl<P: Payload> Engine<P> {
    /// After the function. `given`: what it was given, as it left it, if that came back. Returns whether to go on.
    pub(in crate::front::throttled) fn finish(
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
        if is_tried_again {
            // The error in it may panic.
            discard_panics(|| drop(failure));
        } else {
            self.end_row_of_failures();
            let before = mem::replace(&mut self.latest_failure, failure.map(Arc::new));
            discard_panics(|| drop(before));
            if !settles_after_the_finish() {
                frame.settle(epoch, self.latest_failure.clone());
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
            frame.settle(epoch, self.latest_failure.clone());
        }
        !is_fatal
    }

    /// The function was dropped for the pending run, which covers its calls as well. `given`: what it was given, as it left
    /// it, if that came back.
    #[cfg(feature = "async")]
    pub(in crate::front::throttled) fn supersede(
        &mut self,
        mut started: Started<P>,
        given: Option<P::Given>,
    ) {
        if let Some(given) = given {
            discard_panics(|| drop(self.shared.payload.put_back(given, || ())));
        }
        observe::superseded(self.shared.frame.source(), started.epoch());
        let ends = EndOnDrop(&mut started);
        if !self.rest.is_zero() {
            // Its function has ended, too.
            self.rested_at = self.shared.frame.within(self.rest);
        }
        drop(ends);
    }

    /// Makes a failure of what the function threw, and tells of it.
    fn fail(&mut self, epoch: Epoch, thrown: Thrown) -> Failure {
        let frame = &self.shared.frame;
        let attempt = lock(&self.shared.control).hold.failures.saturating_add(1);
        let (failure, panic) = Failure::new(epoch, attempt, thrown);
        if let Some(payload) = panic {
            // ORDERING: Relaxed. Counts for people; only one run at a time writes them.
            self.shared.paced.panics.fetch_add(1, Ordering::Relaxed);
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
            control.hold.retry_at = retry_at;
            control.hold.failures = failure.attempt();
            // ORDERING: Relaxed. To be looked at.
            shared.paced.failures.store(failure.attempt(), Ordering::Relaxed);
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
        let Shared { frame, control, payload, .. } = &*self.shared;
        let mut left = None;
        // What callers brought may panic when it is dropped.
        discard_panics(|| left = given.and_then(|given| P::left(given, has_completed)));
        let Some(left) = left else { return };
        let control = lock(control);
        // On the way to the end a run that takes nothing would follow itself for ever.
        let goes_on = match control.stage {
            Stage::Going => true,
            Stage::Ending(Pending::Finish | Pending::Flush) => P::is_less(&left),
            Stage::Ending(Pending::Discard) | Stage::Failing | Stage::Leaving | Stage::Ended(_) => false,
        };
        // In one step: else somebody could take it in between, and the run would find nothing.
        let _ = payload.put_back(left, || {
            if goes_on {
                let _ = frame.gate.request();
            }
        });
    }

    fn end_row_of_failures(&mut self) {
        let failures = &self.shared.paced.failures;
        // ORDERING: Relaxed. Only the owner begins a row.
        if failures.load(Ordering::Relaxed) != 0 {
            lock(&self.shared.control).hold.failures = 0;
            // ORDERING: Relaxed. To be looked at.
            failures.store(0, Ordering::Relaxed);
        }
    }
}
