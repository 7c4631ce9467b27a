//! What happens to one key under the lock of its shard: the transitions of its state, and what is kept beside
//! it while it has an owner.
//!
//! A pending or cancelled key is in `active`, and nothing else is: the two change together.

use super::agenda::Deferral;
use super::control::Ledger;
use crate::front::keyed::active::{Active, Item};
use crate::front::keyed::evict::Evicted;
use crate::front::keyed::shard::{At, Entry, Hashed, Shard};
use crate::front::keyed::word::Word;
use crate::front::outcome::NotFlushed;
use crate::front::owner::Ended;
use crate::front::wait::WaitError;
use crate::state::{Abandon, DeferralStatus, Epoch, Fire, Flush, State};
use crate::sync::{AtomicU64, Ordering, lock};
use crate::time::Timestamp;
use core::borrow::Borrow;
use std::sync::Arc;

/// A table of deferrals with room for this many times what is in it is made smaller.
const MOSTLY_EMPTY: usize = 8;
/// Room that is never given back.
const FEW: usize = 28;

fn leave_owed<K>(active: &Active<K>, was_owed: bool, ledger: &Ledger<K>) {
    // ORDERING: Relaxed; under the lock of a writer.
    ledger.leave_uncovered(active.calls.load(Ordering::Relaxed));
    let mut control = lock(&ledger.control);
    control.owed += u64::from(!was_owed);
    control.promises.redeem(active.promise, &Err(WaitError::Owed));
}

/// What came of firing a deferral.
pub(super) enum Fired<K> {
    /// Its run has started.
    Run(Epoch, Active<K>),
    Early,
    /// A run of the key was flushed, and has not been performed.
    Busy,
    /// It was cancelled, which is acknowledged now, or a flush took its place.
    Gone,
}

impl<K> Item<K> {
    pub(super) fn hashed(&self) -> Hashed<'_, K> {
        Hashed { key: &self.key, hash: self.hash }
    }
}

impl<K> Shard<K> {
    fn active<Q: Eq + ?Sized>(&self, hashed: &Hashed<'_, Q>) -> Option<&Active<K>>
    where
        K: Borrow<Q>,
    {
        self.active.find(hashed.hash, |active| active.item.key.borrow() == hashed.key)
    }

    /// The deferral of the key has no owner any more. Its owner holds the key, too, so where this is dropped
    /// the key is not.
    fn take_active<Q: Eq + ?Sized>(&mut self, hashed: &Hashed<'_, Q>) -> Option<Active<K>>
    where
        K: Borrow<Q>,
    {
        let is_it = |active: &Active<K>| active.item.key.borrow() == hashed.key;
        let (active, _) = self.active.find_entry(hashed.hash, is_it).ok()?.remove();
        if self.active.capacity() > FEW && self.active.capacity() > MOSTLY_EMPTY * self.active.len() {
            self.active.shrink_to(2 * self.active.len(), |active| active.item.hash);
        }
        Some(active)
    }

    /// A call that finds its run pending, and need not be alone for that.
    pub(super) fn coalesce<Q: Eq + ?Sized>(&self, hashed: &Hashed<'_, Q>, counts: bool) -> bool
    where
        K: Borrow<Q>,
    {
        let is_pending = self.state(hashed).is_some_and(State::is_pending);
        if is_pending && counts {
            if let Some(active) = self.active(hashed) {
                // ORDERING: Relaxed. The run takes it under the lock of a writer, so after this.
                active.calls.fetch_add(1, Ordering::Relaxed);
            }
        }
        is_pending
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

    /// A call on a key that is here. Returns whether the run is newly pending.
    pub(super) fn request(
        &mut self,
        item: &Arc<Item<K>>,
        counts: bool,
        ledger: &Ledger<K>,
    ) -> Result<bool, Ended>
    where
        K: Eq,
    {
        let hashed = item.hashed();
        if self.coalesce(&hashed, counts) {
            return Ok(false);
        }
        let Some(word) = self.word_mut(&hashed) else { return Ok(false) };
        let state = word.get();
        let was_cancelled = state.has_owner();
        let epoch = state.epoch();
        let next = state.request().0;
        let promise = {
            let mut control = lock(&ledger.control);
            control.stage.check()?;
            if was_cancelled {
                control.stale -= 1;
            } else {
                let item = Arc::clone(item);
                control.incoming.push(Deferral { item, epoch, waited: false });
            }
            control.promises.issue()
        };
        word.set(next);
        ledger.one_more_is_pending();
        let calls = AtomicU64::new(u64::from(counts));
        if was_cancelled {
            let found = self.active.find_mut(item.hash, |active| active.item.key == item.key);
            if let Some(active) = found {
                active.promise = promise;
                active.calls = calls;
            }
        } else {
            let active = Active { item: Arc::clone(item), promise, calls };
            self.active.insert_unique(item.hash, active, |active| active.item.hash);
        }
        Ok(true)
    }

    /// The owner of the deferral asks whether it is its turn: when it is due, or `now` in any case.
    pub(super) fn start(
        &mut self,
        deferral: &Deferral<K>,
        at: At,
        in_any_case: bool,
        ledger: &Ledger<K>,
    ) -> Fired<K>
    where
        K: Eq,
    {
        let hashed = deferral.item.hashed();
        let Some(word) = self.word_mut(&hashed) else { return Fired::Gone };
        let state = word.get();
        let is_its_own = state.epoch() == deferral.epoch && state.is_pending();
        let next = if in_any_case && is_its_own {
            let (next, outcome) = state.flush(at.now);
            if outcome != Flush::Run {
                return Fired::Busy;
            }
            word.set(next);
            next
        } else {
            let (next, outcome) = state.fire(deferral.epoch, at.now, at.threshold);
            word.set(next);
            match outcome {
                Fire::Run => {}
                Fire::Early { .. } => return Fired::Early,
                Fire::Busy => return Fired::Busy,
                Fire::Cancelled => {
                    self.take_active(&hashed);
                    return Fired::Gone;
                }
                Fire::Gone => return Fired::Gone,
            }
            next
        };
        let epoch = next.epoch();
        match self.take_active(&hashed) {
            Some(active) => {
                ledger.one_less_is_pending();
                Fired::Run(epoch, active)
            }
            None => Fired::Gone,
        }
    }

    /// Starts the pending run of a key out of its turn.
    pub(super) fn flush<Q: Eq + ?Sized>(
        &mut self,
        hashed: &Hashed<'_, Q>,
        now: Timestamp,
        ledger: &Ledger<K>,
    ) -> Result<(), NotFlushed>
    where
        K: Borrow<Q>,
    {
        let Some(word) = self.word_mut(hashed) else { return Err(NotFlushed::NothingPending) };
        let (next, outcome) = word.get().flush(now);
        match outcome {
            Flush::Run => {}
            Flush::Busy => return Err(NotFlushed::Running),
            Flush::Nothing => return Err(NotFlushed::NothingPending),
        }
        let mut control = lock(&ledger.control);
        // An owed run is there only after the end.
        control.stage.check().map_err(|_| NotFlushed::Ended)?;
        word.set(next);
        let epoch = next.epoch();
        if let Some(active) = self.take_active(hashed) {
            ledger.one_less_is_pending();
            control.stale += 1;
            control.handed.push_back((epoch, active));
        }
        Ok(())
    }

    /// Gives up the pending or owed run of a key, and returns of which epoch it was.
    pub(super) fn cancel<Q: Eq + ?Sized>(
        &mut self,
        hashed: &Hashed<'_, Q>,
        ledger: &Ledger<K>,
    ) -> Option<Epoch>
    where
        K: Borrow<Q>,
    {
        let word = self.word_mut(hashed)?;
        let state = word.get();
        let was_owed = state.is_owed();
        let (next, outcome) = state.cancel();
        word.set(next);
        if !outcome {
            return None;
        }
        let mut control = lock(&ledger.control);
        if was_owed {
            control.owed -= 1;
        } else if let Some(active) = self.active(hashed) {
            ledger.one_less_is_pending();
            // ORDERING: Relaxed; under the lock of a writer.
            ledger.leave_uncovered(active.calls.swap(0, Ordering::Relaxed));
            control.stale += 1;
            control.promises.redeem(active.promise, &Err(WaitError::Cancelled));
        }
        Some(next.epoch())
    }

    /// Whether a deferral is still to be performed. If it was cancelled, that is acknowledged.
    pub(super) fn is_live(&mut self, deferral: &Deferral<K>) -> bool
    where
        K: Eq,
    {
        let hashed = deferral.item.hashed();
        let Some(word) = self.word_mut(&hashed) else { return false };
        let state = word.get();
        if state.epoch() != deferral.epoch {
            return false;
        }
        match state.deferral() {
            DeferralStatus::Pending => true,
            DeferralStatus::Cancelled => {
                word.set(state.abandon(deferral.epoch).0);
                self.take_active(&hashed);
                false
            }
            DeferralStatus::None | DeferralStatus::Owed => false,
        }
    }

    /// The owner leaves: what was pending is owed.
    pub(super) fn abandon(&mut self, deferral: &Deferral<K>, ledger: &Ledger<K>) -> Abandon
    where
        K: Eq,
    {
        let hashed = deferral.item.hashed();
        let Some(word) = self.word_mut(&hashed) else { return Abandon::Gone };
        let (next, outcome) = word.get().abandon(deferral.epoch);
        word.set(next);
        if outcome == Abandon::Gone {
            return outcome;
        }
        let active = self.take_active(&hashed);
        if let (Abandon::Owed, Some(active)) = (outcome, active) {
            ledger.one_less_is_pending();
            leave_owed(&active, false, ledger);
        }
        outcome
    }

    /// A run that nobody performs, of a key without an owner: owed first, so that it is never seen as done.
    pub(super) fn owe(&mut self, epoch: Epoch, active: &Active<K>, ledger: &Ledger<K>)
    where
        K: Eq,
    {
        let Some(word) = self.word_mut(&active.item.hashed()) else { return };
        let state = word.get();
        let was_owed = state.is_owed();
        word.set(state.owe().0.finish(epoch).0);
        leave_owed(active, was_owed, ledger);
    }
}
