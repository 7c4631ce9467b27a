//! What becomes of a run after its function: whether its calls are covered, what their tickets return, and what is tried again.

use super::Engine;
use super::started::Started;
use crate::front::failure::{Failure, Retry, Thrown};
use crate::front::keyed::throttled::moves::{End, Ended, Gone, Left};
use crate::front::observe;
use crate::front::owner::{Panic, Pending, Stage, discard, discard_panics};
use crate::front::payload::Payload;
use crate::front::wait::WaitError;
use crate::state::Epoch;
use crate::sync::{
    Ordering, hands_back, lock, read, requests_after_the_lock, settles_after_the_finish, write,
};
use crate::time::Timestamp;
use core::hash::{BuildHasher, Hash};
use std::boxed::Box;
use std::sync::Arc;

/// The hook for a panic in the run of a key.
pub(in crate::front::keyed::throttled) type KeyPanicHook<K> = Box<dyn FnMut(&K, &Panic<'_>) + Send>;

/// The hook that is called after a run of a key that failed.
pub(in crate::front::keyed::throttled) type KeyErrorHook<K> = Box<dyn FnMut(&K, &Failure) + Send>;

/// What the user has said about runs that fail.
pub(in crate::front::keyed::throttled) struct OnFailure<K> {
    pub(in crate::front::keyed::throttled) on_panic: Option<KeyPanicHook<K>>,
    pub(in crate::front::keyed::throttled) on_error: Option<KeyErrorHook<K>>,
    pub(in crate::front::keyed::throttled) retry: Option<Retry>,
    pub(in crate::front::keyed::throttled) panics_are_fatal: bool,
}

impl<K> Default for OnFailure<K> {
    fn default() -> Self {
        Self { on_panic: None, on_error: None, retry: None, panics_are_fatal: false }
    }
}

impl<K: Hash + Eq, P: Payload, S: BuildHasher> Engine<K, P, S> {
    /// After the function. `given`: what it was given, as it left it, if that came back. Returns whether to go on.
    pub(in crate::front::keyed::throttled) fn finish(
        &mut self,
        mut started: Started<K, P, S>,
        given: Option<P::Given>,
        result: Result<(), Thrown>,
    ) -> bool {
        let shared = Arc::clone(&self.shared);
        let failure = result.err().map(|thrown| Arc::new(self.fail(&started, thrown)));
        let is_fatal = self.on_failure.panics_are_fatal && failure.as_ref().is_some_and(|f| f.is_panic());
        let end = match &failure {
            Some(failure) if !is_fatal && self.on_failure.retry.is_some() => {
                self.retry(failure, given, started.is_last)
            }
            _ => self.settle(failure.clone(), given, is_fatal),
        };
        let attempt = failure.as_ref().map_or(0, |failure| failure.attempt());
        let retry_at = if let End::TryAgain { retry_at, .. } = &end { *retry_at } else { Timestamp::ZERO };
        if is_fatal {
            // Before the run is seen to end: a caller that knows of the panic is refused.
            self.leave(Stage::Failing);
        }
        let Started { item, epoch, since, promise, .. } = &started;
        let (epoch, promise) = (*epoch, *promise);
        let mut gone = Gone::default();
        let begun = (epoch, *since, promise);
        let ended = if settles_after_the_finish() || requests_after_the_lock() {
            self.end_in_two_steps(item, begun, end, &mut gone)
        } else {
            write(shared.shards.of(item.hash)).end(item, begun, end, &shared.ledger, &mut gone)
        };
        started.has_ended = true;
        let Ended { parked, is_tried_again } = ended;
        if let Some(parked) = parked.filter(|_| hands_back()) {
            self.agenda.take_back(parked);
        }
        if is_tried_again {
            observe::retried(shared.source(), epoch, attempt, retry_at);
            // The error in it may panic.
            discard_panics(|| drop(failure));
        } else {
            let told = failure.map_or(Ok(()), |failure| {
                Err(if failure.is_panic() { WaitError::Panicked } else { WaitError::Failed(failure) })
            });
            lock(&shared.ledger.control).promises.redeem(promise, &told);
        }
        self.in_progress -= 1;
        shared.waiting().notify();
        discard_panics(|| drop(gone));
        // The last clone of the key may go here, and its panic ends the throttle.
        drop(started);
        !is_fatal
    }

    /// Makes a failure of what the function threw, and tells of it.
    fn fail(&mut self, started: &Started<K, P, S>, thrown: Thrown) -> Failure {
        let shared = &self.shared;
        let (epoch, item) = (started.epoch, &started.item);
        let attempt = read(shared.shards.of(item.hash)).failures(item).saturating_add(1);
        let (failure, panic) = Failure::new(epoch, attempt, thrown);
        if let Some(payload) = panic {
            // ORDERING: Relaxed. Counts for people; only the owner writes them.
            shared.panics.fetch_add(1, Ordering::Relaxed);
            let panic = Panic::new(epoch, &*payload);
            observe::panicked(shared.source(), epoch, panic.message());
            if let Some(hook) = &mut self.on_failure.on_panic {
                discard_panics(|| hook(&item.key, &panic));
            }
            discard(payload);
        } else {
            observe::failed(shared.source(), epoch, &failure);
        }
        if let Some(hook) = &mut self.on_failure.on_error {
            discard_panics(|| hook(&item.key, &failure));
        }
        failure
    }

    /// What the policy says of a run that failed.
    fn retry(&mut self, failure: &Arc<Failure>, given: Option<P::Given>, is_last: bool) -> End<P> {
        let settled = |left| End::Settled { failure: Some(Arc::clone(failure)), left };
        let Some(given) = given.filter(|given| !P::is_spent(given)) else { return settled(Left::Nothing) };
        if is_last {
            return settled(Left::ForTake(given));
        }
        let mut delay = None;
        if let Some(retry) = &mut self.on_failure.retry {
            discard_panics(|| delay = retry.after(failure));
        }
        let Some(delay) = delay else {
            discard_panics(|| drop(given));
            return settled(Left::Nothing);
        };
        let mut retry_at = Timestamp::ZERO;
        // Where the clock panics, the next look at it ends all this, and what was given is back by then.
        discard_panics(|| retry_at = self.shared.within(delay));
        End::TryAgain { failure: Arc::clone(failure), given, retry_at }
    }

    /// A run that is not tried again: what it has left of what it was given is for a run that follows, or for `take`.
    fn settle(&self, failure: Option<Arc<Failure>>, given: Option<P::Given>, is_fatal: bool) -> End<P> {
        let mut left = None;
        // What callers brought may panic when it is dropped.
        discard_panics(|| left = given.and_then(|given| P::left(given, failure.is_none())));
        let Some(left) = left else { return End::Settled { failure, left: Left::Nothing } };
        let stage = lock(&self.shared.ledger.control).stage;
        let goes_on = match stage {
            _ if is_fatal => false,
            Stage::Going => true,
            // On the way to the end a run that takes nothing would follow itself for ever.
            Stage::Ending(Pending::Finish | Pending::Flush) => P::is_less(&left),
            Stage::Ending(Pending::Discard) | Stage::Failing | Stage::Leaving | Stage::Ended(_) => false,
        };
        End::Settled { failure, left: if goes_on { Left::ForARun(left) } else { Left::ForTake(left) } }
    }

    /// The epoch of the latest run, if that is all that is asked.
    pub(super) fn note_run(&mut self, epoch: Epoch) {
        self.latest = self.latest.max(epoch);
        self.has_evicted = false;
        self.has_run = true;
    }
}
