//! Calls on one key: those that coalesce, and those that ask for a run.

use super::KeyShard;
use crate::front::keyed::evict::Evicted;
use crate::front::keyed::shard::{At, Entry, Hashed};
use crate::front::keyed::throttled::active::Item;
use crate::front::keyed::throttled::control::Ledger;
use crate::front::keyed::word::Word;
use crate::front::owner::Ended as Over;
use crate::front::pace::Hold;
use crate::front::payload::{NotPut, Payload, Rejected};
use crate::state::{Epoch, State};
use crate::sync::lock;
use crate::time::Timestamp;
use core::borrow::Borrow;
use std::sync::Arc;

/// A call that was taken.
pub(in crate::front::keyed::throttled) struct Taken<B> {
    pub(in crate::front::keyed::throttled) epoch: Epoch,
    /// What it has replaced, to be dropped when no lock is held.
    pub(in crate::front::keyed::throttled) replaced: Option<B>,
    /// Whether the owner has something to do.
    pub(in crate::front::keyed::throttled) wakes: bool,
}

/// What became of a call that need not be alone.
pub(in crate::front::keyed::throttled) enum Coalesced<B> {
    Taken(Taken<B>),
    Refused(NotPut<B>),
    /// No run of the key is pending.
    Not(B),
}

impl<K, P: Payload> KeyShard<K, P> {
    /// The epoch of a call that finds its run pending, and need not be alone for that.
    #[inline]
    pub(in crate::front::keyed::throttled) fn pending_in<Q: Eq + ?Sized>(
        &self,
        hashed: &Hashed<'_, Q>,
    ) -> Option<Epoch>
    where
        K: Borrow<Q>,
    {
        self.state(hashed).filter(|state| state.is_pending()).map(State::epoch)
    }

    /// What such a call leaves for the run, in one step with its decision. `called_at`: the time, where each call tells it.
    #[inline]
    pub(in crate::front::keyed::throttled) fn coalesce<Q: Eq + ?Sized>(
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
    pub(in crate::front::keyed::throttled) fn come_in(
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
    pub(in crate::front::keyed::throttled) fn request(
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
}
