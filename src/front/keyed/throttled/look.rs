//! What one can look at: the counts of a [`KeyedThrottled`], and the state of a key.

use super::KeyedThrottled;
use crate::clock::Clock;
use crate::front::payload::Payload;
use crate::front::snapshot::Snapshot;
use crate::state::State;
use crate::sync::{Ordering, read};
use crate::time::Threshold;
use core::borrow::Borrow;
use core::hash::{BuildHasher, Hash};
use std::borrow::ToOwned;

impl<K, P: Payload, S> KeyedThrottled<K, P, S> {
    /// The clock that its timestamps are readings of.
    #[must_use]
    pub fn clock(&self) -> &(dyn Clock + Send + Sync) {
        &*self.shared.clock
    }

    /// The shortest time between the starts of two runs of one key.
    #[must_use]
    pub fn threshold(&self) -> Threshold {
        self.shared.threshold()
    }

    /// How many keys are pending.
    #[must_use]
    pub fn pending(&self) -> usize {
        usize::try_from(self.shared.ledger.pending()).unwrap_or(usize::MAX)
    }

    /// How many keys are known.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::try_from(self.shared.shards.len()).unwrap_or(usize::MAX)
    }

    /// Whether no key is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes that it has allocated for its shards, their tables, and what the thread is to do. What the
    /// keys themselves have allocated is not counted, nor are the clones of those that are pending.
    ///
    /// 0 in a forked child.
    ///
    /// Cost: the lock of each shard, one after the other.
    #[must_use]
    pub fn allocated_bytes(&self) -> usize {
        if self.shared.is_forked() {
            return 0;
        }
        // ORDERING: Relaxed. A count for people.
        let agenda = self.shared.agenda_bytes.load(Ordering::Relaxed);
        let agenda = usize::try_from(agenda).unwrap_or(usize::MAX);
        self.shared.shards.allocated_bytes() + self.shared.ledger.allocated_bytes() + agenda
    }

    /// How many runs the thread has begun.
    #[must_use]
    pub fn runs(&self) -> u64 {
        // ORDERING: Relaxed. A count for people.
        self.shared.runs.load(Ordering::Relaxed)
    }

    /// How many runs have panicked.
    #[must_use]
    pub fn panics(&self) -> u64 {
        // ORDERING: Relaxed. A count for people.
        self.shared.panics.load(Ordering::Relaxed)
    }

    /// With counts: how many calls were taken whose run was cancelled, discarded, or left owed.
    #[must_use]
    pub fn uncovered(&self) -> u64 {
        self.shared.ledger.uncovered()
    }
}

impl<K: Hash + Eq, P: Payload, S: BuildHasher> KeyedThrottled<K, P, S> {
    /// Whether a run of `key` is pending.
    #[must_use]
    pub fn is_pending<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.state(key).is_some_and(State::is_pending)
    }

    /// Whether `key` is known: a call on it was taken, and it was not evicted since.
    #[must_use]
    pub fn contains<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.state(key).is_some()
    }

    /// All that there is to see of `key` at this moment; `None` if it is not known. Until its first run, the
    /// latest run is that of whichever key of its shard was evicted last: it keeps its distance from that.
    #[must_use]
    pub fn snapshot<Q>(&self, key: &Q) -> Option<Snapshot>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        if self.shared.is_forked() {
            return None;
        }
        let threshold = self.shared.threshold_now(key);
        let hashed = self.shared.hashed(key);
        let shard = read(self.shared.shards.of(hashed.hash));
        let snapshot = Snapshot::new(shard.state(&hashed)?, threshold);
        let Some(active) = shard.beside.find(&hashed) else { return Some(snapshot) };
        Some(snapshot.held(self.shared.ledger.rules.held(active), active.hold.failures))
    }

    fn state<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<State>
    where
        K: Borrow<Q>,
    {
        if self.shared.is_forked() {
            return None;
        }
        self.shared.shards.state(&self.shared.hashed(key))
    }
}
