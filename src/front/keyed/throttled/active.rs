//! [`Actives`]: what a shard keeps of a key beside its state, while the key has a deferral or a run in progress.
//!
//! After the end it is also kept where a run is owed: what that was to be given is there for `take`.

use super::outcomes::Outcomes;
use crate::front::keyed::shard::{Beside, Hashed};
use crate::front::pace::Hold;
use crate::front::payload::Payload;
use crate::state::Epoch;
use crate::sync::{AtomicU64, Ordering};
use crate::time::Timestamp;
use core::borrow::Borrow;
use hashbrown::HashTable;
use std::sync::Arc;

/// A table with room for this many times what is in it is made smaller.
const MOSTLY_EMPTY: usize = 8;
/// Room that is never given back.
const FEW: usize = 28;

/// A key on its way to what performs its run.
pub(super) struct Item<K> {
    pub(super) key: K,
    pub(super) hash: u64,
}

impl<K> Item<K> {
    pub(super) fn hashed(&self) -> Hashed<'_, K> {
        Hashed { key: &self.key, hash: self.hash }
    }
}

/// Names a promise of a run to those who wait for all.
#[derive(Clone, Copy)]
pub(super) struct PromiseId(pub(super) u64);

pub(super) struct Active<K, P> {
    pub(super) item: Arc<Item<K>>,
    /// What calls have left for the next run.
    pub(super) payload: P,
    /// The pending run covers the calls of this epoch and of later ones. It is older than the latest run where that has
    /// failed and is tried again.
    pub(super) since: Epoch,
    /// The promise of the pending run.
    pub(super) promise: PromiseId,
    pub(super) hold: Hold,
    /// Whether a run has left something for `take`, after which no other one comes.
    pub(super) is_for_take: bool,
    /// The time of the latest call, where each tells it.
    latest_call: AtomicU64,
    pub(super) running: Option<Running>,
}

/// The run in progress of a key.
pub(super) struct Running {
    /// It covers the calls from this epoch on, to its own.
    pub(super) since: Epoch,
    pub(super) epoch: Epoch,
    /// Whether the turn of the next run has come meanwhile: its deferral is put in order again when this one ends.
    pub(super) has_parked: bool,
}

impl<K, P> Active<K, P> {
    fn new(item: Arc<Item<K>>, payload: P) -> Self {
        Self {
            item,
            payload,
            since: Epoch::NEVER_RAN,
            promise: PromiseId(0),
            hold: Hold::default(),
            is_for_take: false,
            latest_call: AtomicU64::new(0),
            running: None,
        }
    }

    pub(super) fn tell_call(&self, now: Timestamp) {
        let now = now.as_nanos();
        // The latest of all threads.
        let later = |latest| (now > latest).then_some(now);
        // ORDERING: Relaxed. A reader writes it, and a writer reads it: the lock of the shard orders them.
        let _ = self.latest_call.fetch_update(Ordering::Relaxed, Ordering::Relaxed, later);
    }

    pub(super) fn latest_call(&self) -> Timestamp {
        // ORDERING: Relaxed; see `tell_call`.
        Timestamp::from_nanos(self.latest_call.load(Ordering::Relaxed))
    }
}

/// Those of one shard, by their keys, and how their runs ended.
pub(super) struct Actives<K, P> {
    table: HashTable<Active<K, P>>,
    pub(super) outcomes: Outcomes<K>,
}

impl<K, P> Default for Actives<K, P> {
    fn default() -> Self {
        Self { table: HashTable::new(), outcomes: Outcomes::new() }
    }
}

impl<K, P> Beside for Actives<K, P> {
    fn allocated_bytes(&self) -> usize {
        self.table.allocation_size() + self.outcomes.allocated_bytes()
    }
}

impl<K, P> Actives<K, P> {
    #[inline]
    pub(super) fn find<Q: Eq + ?Sized>(&self, hashed: &Hashed<'_, Q>) -> Option<&Active<K, P>>
    where
        K: Borrow<Q>,
    {
        self.table.find(hashed.hash, |active| active.item.key.borrow() == hashed.key)
    }

    pub(super) fn find_mut<Q: Eq + ?Sized>(&mut self, hashed: &Hashed<'_, Q>) -> Option<&mut Active<K, P>>
    where
        K: Borrow<Q>,
    {
        self.table.find_mut(hashed.hash, |active| active.item.key.borrow() == hashed.key)
    }

    /// The one of a key, and the outcomes.
    pub(super) fn find_beside<Q: Eq + ?Sized>(
        &mut self,
        hashed: &Hashed<'_, Q>,
    ) -> Option<(&mut Active<K, P>, &mut Outcomes<K>)>
    where
        K: Borrow<Q>,
    {
        let active = self.table.find_mut(hashed.hash, |active| active.item.key.borrow() == hashed.key)?;
        Some((active, &mut self.outcomes))
    }

    /// The one of a key, made if there is none, with another one of `payload`.
    pub(super) fn find_or_insert(&mut self, item: &Arc<Item<K>>, payload: &P) -> &mut Active<K, P>
    where
        K: Eq,
        P: Payload,
    {
        let is_it = |active: &Active<K, P>| active.item.key == item.key;
        let entry = self.table.entry(item.hash, is_it, |active| active.item.hash);
        entry.or_insert_with(|| Active::new(Arc::clone(item), payload.another())).into_mut()
    }

    /// What is returned is the caller's to drop, when no lock is held: what it holds is the user's.
    #[must_use]
    pub(super) fn remove<Q: Eq + ?Sized>(&mut self, hashed: &Hashed<'_, Q>) -> Option<Active<K, P>>
    where
        K: Borrow<Q>,
    {
        let is_it = |active: &Active<K, P>| active.item.key.borrow() == hashed.key;
        let (active, _) = self.table.find_entry(hashed.hash, is_it).ok()?.remove();
        if self.table.capacity() > FEW && self.table.capacity() > MOSTLY_EMPTY * self.table.len() {
            self.table.shrink_to(2 * self.table.len(), |active| active.item.hash);
        }
        Some(active)
    }
}
