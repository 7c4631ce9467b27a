//! What the handles and the thread of a [`KeyedThrottled`](super::KeyedThrottled) share.

use super::control::Ledger;
use super::error::NotTaken;
use crate::clock::Clock;
use crate::front::keyed::active::Item;
use crate::front::keyed::evict::Evicted;
use crate::front::keyed::shard::{At, Hashed, Shard};
use crate::front::keyed::shards::Shards;
use crate::front::observe::{self, Source};
use crate::front::outcome::NotFlushed;
use crate::front::owner::keeper::Ends;
use crate::front::owner::{AnyClock, Ended, Pending, Shutdown};
use crate::front::wait::{WaitError, Waiting};
use crate::sync::{AtomicU32, AtomicU64, Event, Ordering, Process, lock, read_unless, this_thread, write};
use crate::time::{Threshold, Timestamp};
use core::borrow::Borrow;
use core::hash::{BuildHasher, Hash};
use core::ops::DerefMut;
use std::borrow::ToOwned;
use std::sync::Arc;

pub(super) struct Shared<K, S> {
    /// Its threshold is that of all keys, its address tells this throttle apart from others, and its word
    /// never moves: each key has a state of its own.
    threshold: AtomicU64,
    pub(super) shards: Shards<K>,
    pub(super) ledger: Ledger<K>,
    hasher: S,
    event: Event,
    waiters: AtomicU32,
    pub(super) clock: AnyClock,
    /// Whether runs receive the number of calls that they cover.
    counts: bool,
    /// The number of the thread that runs the function, 0 until it has begun.
    worker: AtomicU32,
    /// The process that has the thread.
    process: Process,
    pub(super) runs: AtomicU64,
    pub(super) panics: AtomicU64,
    /// The bytes that the thread has allocated for what it is to do.
    pub(super) agenda_bytes: AtomicU64,
}

impl<K, S> Shared<K, S> {
    pub(super) fn new(
        shards: Shards<K>,
        threshold: Threshold,
        clock: AnyClock,
        hasher: S,
        counts: bool,
    ) -> Self {
        Self {
            threshold: AtomicU64::new(threshold.as_nanos()),
            shards,
            ledger: Ledger::new(),
            hasher,
            event: Event::new(),
            waiters: AtomicU32::new(0),
            clock,
            counts,
            worker: AtomicU32::new(0),
            process: Process::this(),
            runs: AtomicU64::new(0),
            panics: AtomicU64::new(0),
            agenda_bytes: AtomicU64::new(0),
        }
    }

    pub(super) fn waiting(&self) -> Waiting<'_, AnyClock> {
        Waiting { clock: &self.clock, event: &self.event, waiters: &self.waiters }
    }

    pub(super) fn source(&self) -> Source {
        Source { front: "KeyedThrottled", address: (&raw const *self).cast() }
    }

    pub(super) fn threshold(&self) -> Threshold {
        // ORDERING: Relaxed. The threshold publishes nothing; a decision may use the value from just before or just after
        // a concurrent change.
        Threshold::from_nanos(self.threshold.load(Ordering::Relaxed))
    }

    pub(super) fn set_threshold(&self, threshold: Threshold) {
        // ORDERING: Relaxed; see `threshold`.
        self.threshold.store(threshold.as_nanos(), Ordering::Relaxed);
    }

    pub(super) fn at(&self) -> At {
        // A clock that reads `NEVER` is at its end.
        At { now: self.clock.now().min(Timestamp::MAX), threshold: self.threshold() }
    }

    /// The limit of a wait, as a time.
    pub(super) fn within(&self, limit: core::time::Duration) -> Timestamp {
        self.clock.now().saturating_add(limit)
    }

    /// Whether this is a forked child, which does not have the thread. A thread that it does not have may hold
    /// any lock.
    pub(super) fn is_forked(&self) -> bool {
        self.process.is_forked()
    }

    pub(super) fn i_am_the_worker(&self) {
        // ORDERING: Relaxed. A thread asks only whether it wrote its own number itself.
        self.worker.store(this_thread(), Ordering::Relaxed);
    }

    /// Waits until all that was requested before has been run.
    pub(super) fn wait_for_all(&self, limit: Option<Timestamp>) -> Result<(), WaitError> {
        if self.is_forked() {
            return Err(WaitError::Forked);
        }
        let wait = {
            let mut control = lock(&self.ledger.control);
            if control.owed > 0 {
                return Err(WaitError::Owed);
            }
            if control.promises.are_redeemed() {
                return Ok(());
            }
            if self.is_worker() {
                return Err(WaitError::InsideRun);
            }
            EndWaitOnDrop(self, control.promises.begin_wait())
        };
        // Not in the `match`: there the lock would be held while the clock is read.
        let look = || lock(&self.ledger.control).promises.look(wait.1);
        self.waiting().until(|| match look() {
            Some(result) => Ok(result),
            None if limit.is_some_and(|limit| self.clock.now() >= limit) => Ok(Err(WaitError::TimedOut)),
            None => Err(limit),
        })
    }
}

struct EndWaitOnDrop<'s, K, S>(&'s Shared<K, S>, u64);

impl<K, S> Drop for EndWaitOnDrop<'_, K, S> {
    fn drop(&mut self) {
        lock(&self.0.ledger.control).promises.end_wait(self.1);
    }
}

impl<K: Hash + Eq, S: BuildHasher> Shared<K, S> {
    pub(super) fn hashed<'q, Q: Hash + ?Sized>(&self, key: &'q Q) -> Hashed<'q, Q> {
        Hashed { key, hash: self.hasher.hash_one(key) }
    }

    pub(super) fn hash_of(&self) -> impl Fn(&K) -> u64 + '_ {
        |key| self.hasher.hash_one(key)
    }

    pub(super) fn trigger<Q>(&self, key: &Q) -> Result<(), NotTaken>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let hashed = self.hashed(key);
        let shard = read_unless(self.shards.of(hashed.hash), || self.is_forked());
        // A run that is pending comes, also when the end was asked for.
        if shard.is_some_and(|shard| shard.coalesce(&hashed, self.counts)) {
            return Ok(());
        }
        if self.is_forked() {
            return Err(Ended::Forked.into());
        }
        lock(&self.ledger.control).stage.check()?;
        self.request(&hashed)
    }

    #[cold]
    fn request<Q>(&self, hashed: &Hashed<'_, Q>) -> Result<(), NotTaken>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        // Keys are cloned and dropped, and the clock is read, while no lock is held.
        let item = Arc::new(Item { key: hashed.key.to_owned(), hash: hashed.hash });
        let shard = write(self.shards.of(hashed.hash));
        if shard.state(hashed).is_some() {
            return self.request_in(shard, &item);
        }
        drop(shard);
        let (mut spare, mut evicted) = (Some(hashed.key.to_owned()), Evicted::new());
        loop {
            let at = self.at();
            let mut shard = write(self.shards.of(hashed.hash));
            if shard.state(hashed).is_none() {
                if !self.shards.count_in() {
                    drop(shard);
                    if self.shards.make_room(at) {
                        continue;
                    }
                    let max_keys = usize::try_from(self.shards.most_keys()).unwrap_or(usize::MAX);
                    return Err(NotTaken::Full { max_keys });
                }
                if let Some(key) = spare.take() {
                    shard.come_in(hashed.hash, key, at, &self.hash_of(), &mut evicted);
                }
                self.shards.count_out(evicted.len());
            }
            return self.request_in(shard, &item);
        }
    }

    /// A call on a key that is in `shard`. The thread is notified before the caller drops any key, which may panic.
    fn request_in(
        &self,
        mut shard: impl DerefMut<Target = Shard<K>>,
        item: &Arc<Item<K>>,
    ) -> Result<(), NotTaken> {
        let is_new = shard.request(item, self.counts, &self.ledger)?;
        drop(shard);
        if is_new {
            self.waiting().notify();
        }
        Ok(())
    }

    pub(super) fn flush<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Result<(), NotFlushed>
    where
        K: Borrow<Q>,
    {
        if self.is_forked() {
            return Err(NotFlushed::Ended);
        }
        let hashed = self.hashed(key);
        let now = self.clock.now();
        write(self.shards.of(hashed.hash)).flush(&hashed, now, &self.ledger)?;
        self.waiting().notify();
        Ok(())
    }

    pub(super) fn cancel<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        if self.is_forked() {
            return false;
        }
        let hashed = self.hashed(key);
        let cancelled = write(self.shards.of(hashed.hash)).cancel(&hashed, &self.ledger);
        if let Some(epoch) = cancelled {
            self.waiting().notify();
            observe::cancelled(self.source(), epoch);
        }
        cancelled.is_some()
    }
}

impl<K, S> Ends for Shared<K, S> {
    fn end(&self, pending: Pending) {
        lock(&self.ledger.control).stage.end(pending);
        self.waiting().notify();
    }

    fn ended(&self) -> Option<Shutdown> {
        lock(&self.ledger.control).stage.ended()
    }

    fn is_worker(&self) -> bool {
        // ORDERING: Relaxed; see `i_am_the_worker`.
        self.worker.load(Ordering::Relaxed) == this_thread()
    }

    fn is_forked(&self) -> bool {
        self.is_forked()
    }

    fn waiting(&self) -> Waiting<'_, AnyClock> {
        self.waiting()
    }
}
