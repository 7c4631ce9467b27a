//! What is kept of a key only while it has a deferral, for a front end that has any.

use crate::sync::AtomicU64;
use hashbrown::HashTable;
use std::sync::Arc;

/// A key on its way to the thread that performs its run.
pub(super) struct Item<K> {
    pub(super) key: K,
    pub(super) hash: u64,
}

/// Names a promise of a run to those who wait for it.
#[derive(Clone, Copy)]
pub(super) struct PromiseId(pub(super) u64);

/// A deferral that has its owner: pending, or cancelled and not acknowledged.
pub(super) struct Active<K> {
    pub(super) item: Arc<Item<K>>,
    pub(super) promise: PromiseId,
    /// How many calls the run is to cover.
    pub(super) calls: AtomicU64,
}

/// The deferrals of one shard, by their keys.
pub(super) type Actives<K> = HashTable<Active<K>>;
