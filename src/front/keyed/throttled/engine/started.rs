//! [`Started`]: a run of a key from its start until it finishes, however that comes about.

use crate::front::keyed::throttled::active::{Item, PromiseId};
use crate::front::keyed::throttled::moves::{Begun, Gone};
use crate::front::keyed::throttled::shared::Shared;
use crate::front::observe::{self, Edge};
use crate::front::owner::discard_panics;
use crate::front::payload::Payload;
use crate::state::Epoch;
use crate::sync::{lock, write};
use core::hash::{BuildHasher, Hash};
use std::sync::Arc;

/// A run that has started.
///
/// Dropped before it has ended, it has covered nobody: what it was given goes back, and it is left owed.
pub(in crate::front::keyed::throttled) struct Started<K: Hash + Eq, P: Payload, S: BuildHasher> {
    pub(super) shared: Arc<Shared<K, P, S>>,
    pub(super) item: Arc<Item<K>>,
    pub(super) epoch: Epoch,
    pub(super) since: Epoch,
    pub(super) promise: PromiseId,
    /// `None` if it was taken out to be given to the function.
    pub(super) given: Option<P::Given>,
    pub(super) edge: Edge,
    /// Whether it is not tried again: it has started after the end was asked for, so no further run of the key comes.
    pub(super) is_last: bool,
    pub(super) has_ended: bool,
}

impl<K: Hash + Eq, P: Payload, S: BuildHasher> Started<K, P, S> {
    pub(super) fn new(
        shared: &Arc<Shared<K, P, S>>,
        item: Arc<Item<K>>,
        begun: Begun<P>,
        edge: Edge,
    ) -> Self {
        let Begun { epoch, since, promise, given } = begun;
        let (is_last, has_ended) = (false, false);
        Self { shared: Arc::clone(shared), item, epoch, since, promise, given, edge, is_last, has_ended }
    }

    pub(in crate::front::keyed::throttled) fn key(&self) -> &K {
        &self.item.key
    }

    #[cfg(feature = "async")]
    pub(in crate::front::keyed::throttled) fn item(&self) -> &Arc<Item<K>> {
        &self.item
    }

    #[cfg(feature = "async")]
    pub(in crate::front::keyed::throttled) fn shared(&self) -> &Arc<Shared<K, P, S>> {
        &self.shared
    }

    /// What is to go back if this is dropped.
    #[cfg(feature = "async")]
    pub(in crate::front::keyed::throttled) fn bring_home(&mut self, given: Option<P::Given>) {
        self.given = given;
    }
}

impl<K: Hash + Eq, P: Payload, S: BuildHasher> Drop for Started<K, P, S> {
    fn drop(&mut self) {
        let shared = &self.shared;
        if self.has_ended || shared.is_forked() {
            return;
        }
        let Self { epoch, since, promise, .. } = *self;
        let begun = Begun { epoch, since, promise, given: self.given.take() };
        let mut gone = Gone::default();
        let (is_owed, parked) =
            write(shared.shards.of(self.item.hash)).owe(&self.item, begun, &shared.ledger, &mut gone);
        // In the hands of the owner again, which is about to leave, or goes on.
        if let Some(parked) = parked {
            lock(&shared.ledger.control).incoming.push(parked);
        }
        shared.waiting().notify();
        if is_owed {
            observe::abandoned(shared.source(), epoch);
        }
        discard_panics(|| drop(gone));
    }
}
