//! How a run of one key ends, and what follows it.

use super::{Begun, Gone, KeyShard};
use crate::front::failure::Failure;
use crate::front::keyed::throttled::active::{Item, PromiseId, Running};
use crate::front::keyed::throttled::agenda::Deferral;
use crate::front::keyed::throttled::control::Ledger;
use crate::front::owner::{Pending, Stage, discard_panics};
use crate::front::pace::Hold;
use crate::front::payload::Payload;
use crate::front::wait::WaitError;
use crate::state::{DeferralStatus, Epoch, Owe};
use crate::sync::lock;
use crate::time::Timestamp;
use std::sync::Arc;

/// How a run ends.
pub(in crate::front::keyed::throttled) enum End<P: Payload> {
    /// Its tickets return how it ended.
    Settled { failure: Option<Arc<Failure>>, left: Left<P> },
    /// It has failed, and is tried again with what it was given.
    TryAgain { failure: Arc<Failure>, given: P::Given, retry_at: Timestamp },
}

/// What a run leaves of what it was given.
pub(in crate::front::keyed::throttled) enum Left<P: Payload> {
    Nothing,
    /// A run is to follow that is given this.
    ForARun(P::Given),
    /// No run comes: it is there for `take`.
    ForTake(P::Given),
}

/// What a run leaves that has ended.
pub(in crate::front::keyed::throttled) struct Ended<K> {
    /// A deferral whose turn came meanwhile.
    pub(in crate::front::keyed::throttled) parked: Option<Deferral<K>>,
    /// Whether its calls are to be covered by another run.
    pub(in crate::front::keyed::throttled) is_tried_again: bool,
}

impl<K, P: Payload> KeyShard<K, P> {
    /// The run that opened `epoch` ends, as `end` says, in one step with what follows it. Returns what it leaves.
    pub(in crate::front::keyed::throttled) fn end(
        &mut self,
        item: &Arc<Item<K>>,
        begun: (Epoch, Epoch, PromiseId),
        end: End<P>,
        ledger: &Ledger<K, P>,
        gone: &mut Gone<K, P>,
    ) -> Ended<K>
    where
        K: Eq,
    {
        let (epoch, since, promise) = begun;
        let hashed = item.hashed();
        let mut is_tried_again = false;
        let failure = match end {
            End::TryAgain { failure, given, retry_at } => {
                let begun = (since, promise);
                is_tried_again = self.try_again(item, begun, (&failure, given, retry_at), ledger, gone);
                if let (false, Some(active)) = (is_tried_again, self.beside.find_mut(&hashed)) {
                    active.hold.failures = 0;
                }
                Some(failure).filter(|_| !is_tried_again)
            }
            End::Settled { failure, left } => {
                if let Some(active) = self.beside.find_mut(&hashed) {
                    active.hold.failures = 0;
                }
                match left {
                    Left::Nothing => {}
                    Left::ForARun(left) => _ = self.follow(item, None, left, ledger, gone),
                    Left::ForTake(left) => {
                        if let Some(active) = self.beside.find_mut(&hashed) {
                            active.is_for_take = true;
                            discard_panics(|| gone.given = active.payload.put_back(left, || ()));
                        }
                    }
                }
                failure
            }
        };
        if let Some(failure) = failure {
            self.beside.outcomes.failed(item, since, epoch, failure, &mut gone.outcomes);
        }
        let running = self.beside.find_mut(&hashed).and_then(|active| active.running.take());
        if let Some(state) = self.get(&hashed) {
            self.set(&hashed, state.finish(epoch).0);
        }
        self.forget_idle(&hashed, gone);
        Ended { parked: parked(item, running.as_ref()), is_tried_again }
    }

    /// How many runs of a key have failed in a row, and are tried again.
    pub(in crate::front::keyed::throttled) fn failures(&self, item: &Item<K>) -> u32
    where
        K: Eq,
    {
        self.beside.find(&item.hashed()).map_or(0, |active| active.hold.failures)
    }

    /// Has a run follow one that has failed, with what that was given. Returns whether one follows.
    pub(in crate::front::keyed::throttled) fn try_again(
        &mut self,
        item: &Arc<Item<K>>,
        begun: (Epoch, PromiseId),
        failed: (&Failure, P::Given, Timestamp),
        ledger: &Ledger<K, P>,
        gone: &mut Gone<K, P>,
    ) -> bool
    where
        K: Eq,
    {
        let (failure, given, retry_at) = failed;
        let is_tried_again = self.follow(item, Some(begun), given, ledger, gone);
        if let (true, Some(active)) = (is_tried_again, self.beside.find_mut(&item.hashed())) {
            (active.hold.retry_at, active.hold.failures) = (retry_at, failure.attempt());
        }
        is_tried_again
    }

    /// Has a run follow the one in progress, which gives back what it was given. `uncovered`: from which call on that one has
    /// covered nothing, and the promise of its run. Returns whether one follows.
    fn follow(
        &mut self,
        item: &Arc<Item<K>>,
        uncovered: Option<(Epoch, PromiseId)>,
        given: P::Given,
        ledger: &Ledger<K, P>,
        gone: &mut Gone<K, P>,
    ) -> bool
    where
        K: Eq,
    {
        let hashed = item.hashed();
        let Some(state) = self.get(&hashed) else { return false };
        let was_pending = state.is_pending();
        let mut control = lock(&ledger.control);
        let Some(active) = self.beside.find_mut(&hashed) else { return false };
        if !matches!(control.stage, Stage::Going | Stage::Ending(Pending::Finish | Pending::Flush)) {
            drop(control);
            active.is_for_take = true;
            discard_panics(|| gone.given = active.payload.put_back(given, || ()));
            return false;
        }
        let promise = match uncovered {
            // Those who wait for the newer one wait for the older one, too.
            Some((_, older)) => {
                if was_pending {
                    control.promises.redeem(active.promise, &Ok(()));
                }
                older
            }
            None if was_pending => active.promise,
            None => control.promises.issue(),
        };
        if !was_pending {
            control.hand_over(item, state, ledger.rules.holds());
            active.hold = Hold::default();
            ledger.one_more_is_pending();
        }
        drop(control);
        let since = uncovered.map(|(since, _)| since);
        active.since = match since {
            Some(since) => since,
            None if was_pending => active.since,
            None => state.epoch(),
        };
        active.promise = promise;
        // The function that merges is the user's: its panic loses what it merged.
        discard_panics(|| gone.given = active.payload.put_back(given, || ()));
        self.set(&hashed, state.request().0);
        true
    }

    /// A run that is not performed to its end: it has covered nobody, and what it was given goes back. Owed first, so that it
    /// is never seen as done. Returns whether it is owed, rather than left to one that is pending.
    pub(in crate::front::keyed::throttled) fn owe(
        &mut self,
        item: &Arc<Item<K>>,
        begun: Begun<P>,
        ledger: &Ledger<K, P>,
        gone: &mut Gone<K, P>,
    ) -> (bool, Option<Deferral<K>>)
    where
        K: Eq,
    {
        let Begun { epoch, since, promise, given } = begun;
        let hashed = item.hashed();
        let Some(state) = self.get(&hashed) else { return (false, None) };
        let Some(active) = self.beside.find_mut(&hashed) else { return (false, None) };
        let running = active.running.take();
        let was_cancelled = state.deferral() == DeferralStatus::Cancelled;
        let was_pending = state.is_pending();
        let (owed, outcome) = state.owe();
        let mut control = lock(&ledger.control);
        match outcome {
            Owe::Owed => {
                ledger.leave_uncovered(given.as_ref().map_or(0, P::calls));
                control.owed += u64::from(!state.is_owed());
                control.promises.redeem(promise, &Err(WaitError::Owed));
            }
            Owe::Coalesced => {
                if was_pending {
                    control.promises.redeem(active.promise, &Ok(()));
                }
                if was_cancelled {
                    control.stale -= 1;
                    ledger.one_more_is_pending();
                }
                active.promise = promise;
            }
        }
        drop(control);
        active.since = since;
        if let Some(given) = given {
            discard_panics(|| gone.given = active.payload.put_back(given, || ()));
        }
        self.set(&hashed, owed.finish(epoch).0);
        (outcome == Owe::Owed, parked(item, running.as_ref()))
    }
}

/// The deferral whose turn came while the run was in progress. It was made in that run, else it would not have been pending.
fn parked<K>(item: &Arc<Item<K>>, running: Option<&Running>) -> Option<Deferral<K>> {
    let running = running.filter(|running| running.has_parked)?;
    Some(Deferral { item: Arc::clone(item), epoch: running.epoch, waited: true })
}
