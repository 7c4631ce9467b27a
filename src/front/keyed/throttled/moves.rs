//! What happens to one key under the lock of its shard: the transitions of its state, and what is kept beside
//! it while it has a deferral or a run in progress.
//!
//! A key that is pending, cancelled and not acknowledged, or running has its [`Active`], and so has one that is owed. What
//! is dropped for a move is left in a [`Gone`], for when the lock is free: it is the user's.

use super::active::{Active, Actives, Item, PromiseId, Running};
use super::agenda::Deferral;
use super::control::Ledger;
use super::outcomes::Outcome;
use crate::front::failure::Failure;
use crate::front::keyed::evict::Evicted;
use crate::front::keyed::shard::{At, Entry, Hashed, Shard};
use crate::front::keyed::word::Word;
use crate::front::outcome::NotFlushed;
use crate::front::owner::{Ended as Over, Pending, Stage, discard_panics};
use crate::front::pace::Hold;
use crate::front::payload::{NotPut, Payload, Rejected};
use crate::front::wait::WaitError;
use crate::state::{Abandon, DeferralStatus, Epoch, Fire, Flush, Owe, State};
use crate::sync::lock;
use crate::time::Timestamp;
use core::borrow::Borrow;
use core::convert::Infallible;
use std::sync::Arc;
use std::vec::Vec;

/// A shard whose keys have deferrals.
pub(super) type KeyShard<K, P> = Shard<K, Actives<K, P>>;

/// What is to be dropped when no lock is held.
pub(super) struct Gone<K, P: Payload> {
    pub(super) outcomes: Vec<Outcome<K>>,
    active: Option<Active<K, P>>,
    pub(super) given: Option<P::Given>,
}

impl<K, P: Payload> Default for Gone<K, P> {
    fn default() -> Self {
        Self { outcomes: Vec::new(), active: None, given: None }
    }
}

/// A call that was taken.
pub(super) struct Taken<B> {
    pub(super) epoch: Epoch,
    /// What it has replaced, to be dropped when no lock is held.
    pub(super) replaced: Option<B>,
    /// Whether the owner has something to do.
    pub(super) wakes: bool,
}

/// What became of a call that need not be alone.
pub(super) enum Coalesced<B> {
    Taken(Taken<B>),
    Refused(NotPut<B>),
    /// No run of the key is pending.
    Not(B),
}

/// A run that has started.
pub(super) struct Begun<P: Payload> {
    pub(super) epoch: Epoch,
    /// It covers the calls of this epoch and of later ones.
    pub(super) since: Epoch,
    pub(super) promise: PromiseId,
    pub(super) given: Option<P::Given>,
}

/// What came of firing a deferral.
pub(super) enum Fired<K, P: Payload> {
    Run(Begun<P>),
    /// The window is not over.
    Early(Deferral<K>, Timestamp),
    /// The pace or a back-off holds it until then.
    Held(Deferral<K>, Timestamp),
    /// A run of the key is in progress: when that finishes, it hands the deferral back.
    Parked,
    /// It was cancelled, which is acknowledged now, or a flush took its place.
    Gone,
}

/// How a run ends.
pub(super) enum End<P: Payload> {
    /// Its calls are told of it.
    Settled { failure: Option<Arc<Failure>>, left: Left<P> },
    /// It has failed, and is tried again with what it was given.
    TryAgain { failure: Arc<Failure>, given: P::Given, retry_at: Timestamp },
}

/// What a run leaves of what it was given.
pub(super) enum Left<P: Payload> {
    Nothing,
    /// A run is to follow that is given this.
    ForARun(P::Given),
    /// No run comes: it is there for `take`.
    ForTake(P::Given),
}

/// What a run leaves that has ended.
pub(super) struct Ended<K> {
    /// A deferral whose turn came meanwhile.
    pub(super) parked: Option<Deferral<K>>,
    /// Whether its calls are to be covered by another run.
    pub(super) is_tried_again: bool,
}

impl<K, P: Payload> KeyShard<K, P> {
    fn get<Q: Eq + ?Sized>(&mut self, hashed: &Hashed<'_, Q>) -> Option<State>
    where
        K: Borrow<Q>,
    {
        self.word_mut(hashed).map(Word::get)
    }

    fn set<Q: Eq + ?Sized>(&mut self, hashed: &Hashed<'_, Q>, state: State)
    where
        K: Borrow<Q>,
    {
        if let Some(word) = self.word_mut(hashed) {
            word.set(state);
        }
    }

    /// The epoch of a call that finds its run pending, and need not be alone for that.
    #[inline]
    pub(super) fn pending_in<Q: Eq + ?Sized>(&self, hashed: &Hashed<'_, Q>) -> Option<Epoch>
    where
        K: Borrow<Q>,
    {
        self.state(hashed).filter(|state| state.is_pending()).map(State::epoch)
    }

    /// What such a call leaves for the run, in one step with its decision. `called_at`: the time, where each call tells it.
    #[inline]
    pub(super) fn coalesce<Q: Eq + ?Sized>(
        &self,
        hashed: &Hashed<'_, Q>,
        epoch: Epoch,
        brought: P::Brought,
        called_at: Option<Timestamp>,
        ledger: &Ledger<K, P>,
        is_forked: impl FnOnce() -> bool,
    ) -> Coalesced<P::Brought>
    where
        K: Borrow<Q>,
    {
        if !P::BRINGS && called_at.is_none() {
            return Coalesced::Taken(Taken { epoch, replaced: None, wakes: false });
        }
        let Some(active) = self.beside.find(hashed) else { return Coalesced::Not(brought) };
        if let Some(now) = called_at {
            active.tell_call(now);
        }
        match active.payload.bring(brought, is_forked) {
            Ok(left) => {
                let wakes = left.count == ledger.rules.enough;
                if wakes {
                    // What holds it is over: another look at it is due.
                    lock(&ledger.control).hand_over_again(&active.item, epoch);
                }
                Coalesced::Taken(Taken { epoch, replaced: left.replaced, wakes })
            }
            Err(not_put) => Coalesced::Refused(not_put),
        }
    }

    /// An entry for a key that is not here: as if it were the one that was evicted last.
    pub(super) fn come_in(
        &mut self,
        hash: u64,
        key: K,
        at: At,
        hash_of: &impl Fn(&K) -> u64,
        evicted: &mut Evicted<K>,
    ) {
        self.make_place(at, hash_of, evicted);
        let word = Word::new(self.forgotten);
        self.insert(hash, Entry { key, word }, hash_of);
    }

    /// A call on a key that is here. `called_at`: the time, where the pace asks for that of the first call.
    pub(super) fn request(
        &mut self,
        item: &Arc<Item<K>>,
        brought: P::Brought,
        called_at: Option<Timestamp>,
        ledger: &Ledger<K, P>,
    ) -> Result<Taken<P::Brought>, Rejected<P::Brought>>
    where
        K: Eq,
    {
        let hashed = item.hashed();
        let told_at = called_at.filter(|_| ledger.rules.pace.needs_each_call());
        let brought = match self.pending_in(&hashed) {
            Some(epoch) => match self.coalesce(&hashed, epoch, brought, told_at, ledger, || false) {
                Coalesced::Taken(taken) => return Ok(taken),
                Coalesced::Refused(not_put) => return Err(not_put.into()),
                Coalesced::Not(brought) => brought,
            },
            None => brought,
        };
        let Some(state) = self.get(&hashed) else { return Err(Rejected::ended(brought, Over::ShutDown)) };
        let mut control = lock(&ledger.control);
        if let Err(ended) = control.stage.check() {
            return Err(Rejected::ended(brought, ended));
        }
        let epoch = state.epoch();
        let promise = control.promises.issue();
        control.hand_over(item, state, ledger.rules.holds());
        // A run was dropped, and its owner is about to leave: it has not refused this call yet.
        let takes_over = state.is_owed();
        control.owed -= u64::from(takes_over);
        drop(control);
        self.set(&hashed, state.request().0);
        ledger.one_more_is_pending();
        // The calls that were cancelled may be older than the latest run, where that was to be tried again.
        let since = self.beside.outcomes.first_cancelled(item).map_or(epoch, |first| first.min(epoch));
        let active = self.beside.find_or_insert(item, &ledger.rules.payload);
        active.promise = promise;
        if takes_over {
            ledger.take_over_uncovered(active.payload.outstanding());
        } else {
            active.since = since;
        }
        // The run in progress may be one of a row of failures.
        active.hold = Hold { first_call: called_at, failures: active.hold.failures, ..Hold::default() };
        if let Some(now) = told_at {
            active.tell_call(now);
        }
        // Nothing is there for the run yet, so there is room, and nothing to merge it with.
        let left = active.payload.bring(brought, || false)?;
        if left.count == ledger.rules.enough {
            lock(&ledger.control).hand_over_again(&active.item, epoch);
        }
        Ok(Taken { epoch, replaced: left.replaced, wakes: true })
    }

    /// The owner of the deferral asks whether it is its turn. `ending`: what was asked for, if the end was.
    pub(super) fn start(
        &mut self,
        deferral: Deferral<K>,
        at: At,
        ending: Option<Pending>,
        ledger: &Ledger<K, P>,
        gone: &mut Gone<K, P>,
    ) -> Fired<K, P>
    where
        K: Eq,
    {
        let item = Arc::clone(&deferral.item);
        let hashed = item.hashed();
        let Some(state) = self.get(&hashed) else { return Fired::Gone };
        if state.epoch() == deferral.epoch && state.is_pending() {
            if state.is_running() {
                return self.park(&deferral);
            }
            if ending == Some(Pending::Flush) {
                let (next, _) = state.flush(at.now);
                return self.begin(&item, next, ledger, gone).map_or(Fired::Gone, Fired::Run);
            }
            let held = self.beside.find(&hashed).map_or(Timestamp::ZERO, |active| ledger.rules.held(active));
            // The end does not wait for a pace or a back-off.
            if ending.is_none() && at.now < held {
                return Fired::Held(deferral, held);
            }
        }
        let (next, outcome) = state.fire(deferral.epoch, at.now, at.threshold);
        match outcome {
            Fire::Run => self.begin(&item, next, ledger, gone).map_or(Fired::Gone, Fired::Run),
            Fire::Early { due } => Fired::Early(deferral, due),
            Fire::Busy => self.park(&deferral),
            Fire::Cancelled => {
                self.set(&hashed, next);
                self.forget_idle(&hashed, gone);
                Fired::Gone
            }
            Fire::Gone => Fired::Gone,
        }
    }

    fn park(&mut self, deferral: &Deferral<K>) -> Fired<K, P>
    where
        K: Eq,
    {
        let running =
            self.beside.find_mut(&deferral.item.hashed()).and_then(|active| active.running.as_mut());
        match running {
            Some(Running { has_parked, .. }) if !*has_parked => {
                *has_parked = true;
                Fired::Parked
            }
            // The one that is there stands for both.
            _ => Fired::Gone,
        }
    }

    /// The pending run of a key starts: its state moves to `next`.
    fn begin(
        &mut self,
        item: &Arc<Item<K>>,
        next: State,
        ledger: &Ledger<K, P>,
        gone: &mut Gone<K, P>,
    ) -> Option<Begun<P>>
    where
        K: Eq,
    {
        let hashed = item.hashed();
        self.set(&hashed, next);
        let cancelled_since = self.beside.outcomes.covered(item, &mut gone.outcomes);
        let active = self.beside.find_mut(&hashed)?;
        // Of calls that were cancelled with a run that was to be tried again, the epoch is an older one.
        let since = cancelled_since.map_or(active.since, |cancelled| active.since.min(cancelled));
        let (epoch, promise) = (next.epoch(), active.promise);
        active.hold.release();
        active.is_for_take = false;
        active.running = Some(Running { since, epoch, has_parked: false });
        ledger.one_less_is_pending();
        let started = active.payload.start(|| Ok::<(), Infallible>(()));
        let given = match started {
            Ok(((), given)) => given,
            Err(never) => match never {},
        };
        Some(Begun { epoch, since, promise, given })
    }

    /// Starts the pending run of a key out of its turn, and hands it to the owner.
    pub(super) fn flush<Q: Eq + ?Sized>(
        &mut self,
        hashed: &Hashed<'_, Q>,
        now: Timestamp,
        ledger: &Ledger<K, P>,
        gone: &mut Gone<K, P>,
    ) -> Result<Epoch, NotFlushed>
    where
        K: Borrow<Q> + Eq,
    {
        let Some(state) = self.get(hashed) else { return Err(NotFlushed::NothingPending) };
        let (next, outcome) = state.flush(now);
        match outcome {
            Flush::Run => {}
            Flush::Busy => return Err(NotFlushed::Running),
            Flush::Nothing => return Err(NotFlushed::NothingPending),
        }
        let item = self.beside.find(hashed).map(|active| Arc::clone(&active.item));
        let Some(item) = item else { return Err(NotFlushed::NothingPending) };
        // An owed run is there only after the end.
        let mut control = lock(&ledger.control);
        control.stage.check().map_err(|_| NotFlushed::Ended)?;
        if let Some(begun) = self.begin(&item, next, ledger, gone) {
            control.stale += 1;
            control.handed.push_back((item, begun));
        }
        Ok(state.epoch())
    }

    /// Gives up the pending or owed run of a key, with what it was to be given. Returns of which epoch it was.
    pub(super) fn cancel<Q: Eq + ?Sized>(
        &mut self,
        hashed: &Hashed<'_, Q>,
        ledger: &Ledger<K, P>,
        gone: &mut Gone<K, P>,
    ) -> Option<Epoch>
    where
        K: Borrow<Q>,
    {
        let state = self.get(hashed)?;
        let was_owed = state.is_owed();
        let (next, outcome) = state.cancel();
        if !outcome {
            return None;
        }
        self.set(hashed, next);
        let epoch = state.epoch();
        if let Some((active, outcomes)) = self.beside.find_beside(hashed) {
            (active.hold, active.is_for_take) = (Hold::default(), false);
            gone.given = active.payload.take(|| false, || ());
            outcomes.cancelled(&active.item, active.since, epoch, &mut gone.outcomes);
            let mut control = lock(&ledger.control);
            if was_owed {
                control.owed -= 1;
            } else {
                ledger.leave_uncovered(gone.given.as_ref().map_or(0, P::calls));
                ledger.one_less_is_pending();
                control.stale += 1;
                control.promises.redeem(active.promise, &Err(WaitError::Cancelled));
            }
        }
        if was_owed {
            self.forget_idle(hashed, gone);
        }
        Some(epoch)
    }

    /// Takes what no run of a key was given, and gives up its pending or owed run. Returns of which epoch that was.
    pub(super) fn take<Q: Eq + ?Sized>(
        &mut self,
        hashed: &Hashed<'_, Q>,
        ledger: &Ledger<K, P>,
        gone: &mut Gone<K, P>,
    ) -> (Option<P::Given>, Option<Epoch>)
    where
        K: Borrow<Q>,
    {
        let cancelled = self.cancel(hashed, ledger, gone);
        if cancelled.is_none() {
            // After the end, the last run may have left something.
            if let Some(active) = self.beside.find_mut(hashed) {
                active.is_for_take = false;
                gone.given = active.payload.take(|| false, || ());
            }
            self.forget_idle(hashed, gone);
        }
        (gone.given.take(), cancelled)
    }

    /// Drops what is kept beside the state of a key that has neither a deferral nor a run in progress, nor anything for `take`.
    fn forget_idle<Q: Eq + ?Sized>(&mut self, hashed: &Hashed<'_, Q>, gone: &mut Gone<K, P>)
    where
        K: Borrow<Q>,
    {
        let is_idle = |state: State| state.deferral() == DeferralStatus::None && !state.is_running();
        let is_for_take = self.beside.find(hashed).is_some_and(|active| active.is_for_take);
        if !is_for_take && self.get(hashed).is_none_or(is_idle) {
            gone.active = self.beside.remove(hashed);
        }
    }

    /// Whether a deferral is still to be performed. If it was cancelled, that is acknowledged.
    pub(super) fn is_live(&mut self, deferral: &Deferral<K>, gone: &mut Gone<K, P>) -> bool
    where
        K: Eq,
    {
        let hashed = deferral.item.hashed();
        let Some(state) = self.get(&hashed) else { return false };
        if state.epoch() != deferral.epoch {
            return false;
        }
        match state.deferral() {
            DeferralStatus::Pending => true,
            DeferralStatus::Cancelled => {
                self.set(&hashed, state.abandon(deferral.epoch).0);
                self.forget_idle(&hashed, gone);
                false
            }
            DeferralStatus::None | DeferralStatus::Owed => false,
        }
    }

    /// The run that opened `epoch` ends, as `end` says, in one step with what follows it. Returns what it leaves.
    pub(super) fn end(
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
    pub(super) fn failures(&self, item: &Item<K>) -> u32
    where
        K: Eq,
    {
        self.beside.find(&item.hashed()).map_or(0, |active| active.hold.failures)
    }

    /// Has a run follow one that has failed, with what that was given. Returns whether one follows.
    pub(super) fn try_again(
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
            // Whoever waits for the newer one waits for the older one, too.
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

    /// The owner leaves: what was pending is owed. What it was to be given stays.
    pub(super) fn abandon(
        &mut self,
        deferral: &Deferral<K>,
        ledger: &Ledger<K, P>,
        gone: &mut Gone<K, P>,
    ) -> Abandon
    where
        K: Eq,
    {
        let hashed = deferral.item.hashed();
        let Some(state) = self.get(&hashed) else { return Abandon::Gone };
        let (next, outcome) = state.abandon(deferral.epoch);
        if outcome == Abandon::Gone {
            return outcome;
        }
        self.set(&hashed, next);
        if outcome == Abandon::Owed {
            ledger.one_less_is_pending();
            let active = self.beside.find(&hashed);
            ledger.leave_uncovered(active.map_or(0, |active| active.payload.outstanding()));
            let mut control = lock(&ledger.control);
            control.owed += 1;
            if let Some(active) = active {
                control.promises.redeem(active.promise, &Err(WaitError::Owed));
            }
        }
        self.forget_idle(&hashed, gone);
        outcome
    }

    /// A run that is not performed to its end: it has covered nobody, and what it was given goes back. Owed first, so that it
    /// is never seen as done. Returns whether it is owed, rather than left to one that is pending.
    pub(super) fn owe(
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

    /// How a ticket of a call of `epoch` would be told at once, if it would.
    pub(super) fn look<Q: Eq + ?Sized>(
        &self,
        hashed: &Hashed<'_, Q>,
        epoch: Epoch,
    ) -> Option<Result<(), WaitError>>
    where
        K: Borrow<Q>,
    {
        let state = self.state(hashed);
        if let (Some(active), Some(state)) = (self.beside.find(hashed), state) {
            if let Some(running) = &active.running {
                if running.since <= epoch && epoch < running.epoch {
                    return None;
                }
            }
            if active.since <= epoch {
                match state.deferral() {
                    DeferralStatus::Pending => return None,
                    DeferralStatus::Owed => return Some(Err(WaitError::Owed)),
                    DeferralStatus::Cancelled => return Some(Err(WaitError::Cancelled)),
                    DeferralStatus::None => {}
                }
            }
        }
        let told = self.beside.outcomes.told(hashed.key, epoch);
        if told.is_ok() && state.is_some_and(|state| state.epoch() == epoch) {
            // No run has started since, and none is pending.
            return Some(Err(WaitError::Cancelled));
        }
        Some(told)
    }
}

/// The deferral whose turn came while the run was in progress. It was made in that run, else it would not have been pending.
fn parked<K>(item: &Arc<Item<K>>, running: Option<&Running>) -> Option<Deferral<K>> {
    let running = running.filter(|running| running.has_parked)?;
    Some(Deferral { item: Arc::clone(item), epoch: running.epoch, waited: true })
}
