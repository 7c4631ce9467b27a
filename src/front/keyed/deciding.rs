//! What a call on a key does, in which order, and what it does outside of a lock.

use super::error::KeyedError;
use super::evict::Evicted;
use super::front::Keyed;
use super::run::KeyedRun;
use super::shard::{At, Hashed};
use super::shards::NotNew;
use crate::clock::Clock;
use crate::state::Epoch;
use crate::sync::looks;
use crate::time::{Threshold, Timestamp};
use core::borrow::Borrow;
use core::hash::{BuildHasher, Hash};
use std::borrow::ToOwned;

impl<K: Hash + Eq, C: Clock, S: BuildHasher> Keyed<K, C, S> {
    /// Every call. `threshold` is asked at each decision.
    #[inline]
    pub(super) fn enter<'k, Q>(
        &'k self,
        key: &'k Q,
        threshold: impl Fn() -> Threshold,
    ) -> Result<KeyedRun<'k, K, Q>, KeyedError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let hashed = self.hashed(key);
        if let Some(estimate) = self.clock.estimate() {
            let at = At { now: estimate, threshold: threshold() };
            if let Some(refused) = self.shards.refuses(&hashed, at) {
                return Err(refused.into());
            }
        }
        let now = self.now();
        match self.shards.try_start(&hashed, || At { now, threshold: threshold() }) {
            Some(Ok(epoch)) => {
                let run = KeyedRun::new(&self.shards, hashed, epoch);
                if looks() {
                    self.glance(now);
                }
                Ok(run)
            }
            Some(Err(refused)) => Err(refused.into()),
            None => self.start_new(hashed, now, threshold),
        }
    }

    /// A call on a key that is not known: it comes in.
    #[cold]
    fn start_new<'k, Q>(
        &'k self,
        hashed: Hashed<'k, Q>,
        now: Timestamp,
        threshold: impl Fn() -> Threshold,
    ) -> Result<KeyedRun<'k, K, Q>, KeyedError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let mut evicted = Evicted::new();
        let epoch = self.come_in(&hashed, now, threshold, &mut evicted)?;
        let run = KeyedRun::new(&self.shards, hashed, epoch);
        // With the guard in place: keys that are evicted are dropped here, and `Drop` may panic.
        drop(evicted);
        // As many keys go as come.
        self.look(now);
        Ok(run)
    }

    // Not inlined: few runs look.
    #[inline(never)]
    fn glance(&self, now: Timestamp) {
        self.shards.glance(self.common(now), &self.hash_of());
    }

    fn look(&self, now: Timestamp) {
        self.shards.look(self.common(now), &self.hash_of());
    }

    fn come_in<Q>(
        &self,
        hashed: &Hashed<'_, Q>,
        mut now: Timestamp,
        threshold: impl Fn() -> Threshold,
        evicted: &mut Evicted<K>,
    ) -> Result<Epoch, KeyedError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        loop {
            let at = || (At { now, threshold: threshold() }, self.threshold());
            match self.shards.try_start_new(hashed, hashed.key.to_owned(), at, &self.hash_of(), evicted) {
                Ok(epoch) => return Ok(epoch),
                Err(NotNew::Refused(refused)) => return Err(refused.into()),
                Err(NotNew::Full) if self.shards.make_room(self.common(now), &self.hash_of()) => {}
                Err(NotNew::Full) => return Err(self.full()),
                Err(NotNew::Forgotten(refused)) => {
                    // Another thread may have evicted by a reading that is younger than this call's.
                    now = self.now();
                    if refused.retry_at().is_none_or(|retry_at| now < retry_at) {
                        return Err(refused.into());
                    }
                }
            }
        }
    }

    pub(super) fn hashed<'q, Q: Hash + ?Sized>(&self, key: &'q Q) -> Hashed<'q, Q> {
        Hashed { key, hash: self.hasher.hash_one(key) }
    }

    pub(super) fn hash_of(&self) -> impl Fn(&K) -> u64 + '_ {
        |key| self.hasher.hash_one(key)
    }

    pub(super) fn now(&self) -> Timestamp {
        // A clock that reads `NEVER` is at its end, which is before the end of a window that never ends.
        self.clock.now().min(Timestamp::MAX)
    }

    /// What calls are decided by that name no threshold.
    pub(super) fn common(&self, now: Timestamp) -> At {
        At { now, threshold: self.threshold() }
    }

    fn full(&self) -> KeyedError {
        KeyedError::Full { max_keys: usize::try_from(self.shards.most_keys()).unwrap_or(usize::MAX) }
    }
}
