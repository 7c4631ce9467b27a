//! What the handles of a [`KeyedThrottled`](super::KeyedThrottled) share with what performs its runs.

use super::active::{Actives, Item};
use super::control::{Ledger, Rules};
use super::moves::{Coalesced, Gone, KeyShard};
use crate::clock::Clock;
use crate::front::keyed::evict::Evicted;
use crate::front::keyed::shard::{At, Hashed};
use crate::front::keyed::shards::Shards;
use crate::front::observe::{self, Source};
use crate::front::outcome::NotFlushed;
use crate::front::owner::frame::Inside;
use crate::front::owner::keeper::Ends;
use crate::front::owner::{AnyClock, Ended, Pending, Shutdown};
use crate::front::payload::{Payload, Reason, Rejected};
use crate::front::wait::Waiting;
use crate::state::Epoch;
use crate::sync::{
    AtomicU32, AtomicU64, Event, Ordering, Process, lock, read_unless, still_read, this_thread, write,
};
use crate::time::{Threshold, Timestamp};
use core::borrow::Borrow;
use core::hash::{BuildHasher, Hash};
use core::ops::DerefMut;
use core::time::Duration;
use std::borrow::ToOwned;
use std::boxed::Box;
use std::sync::{Arc, Weak};

/// The user's function that says what the threshold of a key is.
pub(super) type ThresholdOf<K> = Box<dyn Fn(&K) -> Threshold + Send + Sync>;

pub(super) struct Shared<K, P: Payload, S> {
    /// That of all keys, unless each has its own.
    threshold: AtomicU64,
    threshold_of: Option<ThresholdOf<K>>,
    /// How often it was asked to look at thresholds of keys once more.
    retimes: AtomicU64,
    pub(super) shards: Shards<K, Actives<K, P>>,
    pub(super) ledger: Ledger<K, P>,
    hasher: S,
    event: Event,
    waiters: AtomicU32,
    pub(super) clock: AnyClock,
    /// The number of the thread that runs the function, or polls it at the moment; 0 if none does.
    runner: AtomicU32,
    /// The process that made it.
    process: Process,
    pub(super) runs: AtomicU64,
    pub(super) panics: AtomicU64,
    /// The bytes that the owner has allocated for what it is to do.
    pub(super) agenda_bytes: AtomicU64,
    itself: Weak<Self>,
}

/// What it is made of.
pub(super) struct Parts<K, P: Payload, S> {
    pub(super) shards: Shards<K, Actives<K, P>>,
    pub(super) threshold: Threshold,
    pub(super) threshold_of: Option<ThresholdOf<K>>,
    pub(super) clock: AnyClock,
    pub(super) hasher: S,
    pub(super) rules: Rules<P>,
}

impl<K, P: Payload, S> Shared<K, P, S> {
    pub(super) fn new(parts: Parts<K, P, S>) -> Arc<Self> {
        let Parts { shards, threshold, threshold_of, clock, hasher, rules } = parts;
        Arc::new_cyclic(|itself| Self {
            threshold: AtomicU64::new(threshold.as_nanos()),
            threshold_of,
            retimes: AtomicU64::new(0),
            shards,
            ledger: Ledger::new(rules),
            hasher,
            event: Event::new(),
            waiters: AtomicU32::new(0),
            clock,
            runner: AtomicU32::new(0),
            process: Process::this(),
            runs: AtomicU64::new(0),
            panics: AtomicU64::new(0),
            agenda_bytes: AtomicU64::new(0),
            itself: Weak::clone(itself),
        })
    }

    /// For a ticket that is to keep it.
    pub(super) fn itself(&self) -> Option<Arc<Self>> {
        self.itself.upgrade()
    }

    pub(super) fn waiting(&self) -> Waiting<'_, AnyClock> {
        Waiting { clock: &self.clock, event: &self.event, waiters: &self.waiters }
    }

    #[cfg(feature = "async")]
    pub(super) fn waiters(&self) -> &AtomicU32 {
        &self.waiters
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

    /// The threshold of a key, where each has its own.
    pub(super) fn own_threshold(&self, key: &K) -> Option<Threshold> {
        let own = self.threshold_of.as_ref()?(key);
        self.shards.name(own);
        Some(own)
    }

    /// The threshold of a key, which is asked of it in another form.
    pub(super) fn threshold_now<Q: ToOwned<Owned = K> + ?Sized>(&self, key: &Q) -> Threshold {
        match &self.threshold_of {
            Some(threshold_of) => threshold_of(&key.to_owned()),
            None => self.threshold(),
        }
    }

    /// How often thresholds of keys are to be looked at once more. It is read before they are.
    pub(super) fn retimes(&self) -> u64 {
        // ORDERING: Relaxed. The notification that follows wakes the owner, which reads it then.
        self.retimes.load(Ordering::Relaxed)
    }

    pub(super) fn retime(&self) {
        // ORDERING: Relaxed; see `retimes`.
        self.retimes.fetch_add(1, Ordering::Relaxed);
        self.waiting().notify();
    }

    pub(super) fn now(&self) -> Timestamp {
        // A clock that reads `NEVER` is at its end.
        self.clock.now().min(Timestamp::MAX)
    }

    /// By what runs are decided, but for keys that have thresholds of their own.
    pub(super) fn at(&self) -> At {
        At { now: self.now(), threshold: self.threshold() }
    }

    /// The limit of a wait, as a time.
    pub(super) fn within(&self, limit: Duration) -> Timestamp {
        self.clock.now().saturating_add(limit)
    }

    /// Whether this is a forked child, which does not have what performs the runs. A thread that it does not have may hold
    /// any lock.
    pub(super) fn is_forked(&self) -> bool {
        self.process.is_forked()
    }

    /// Marks this thread as the one that runs the function, or polls it, until the result is dropped.
    pub(super) fn step_inside(&self) -> Inside<'_> {
        Inside::step(&self.runner)
    }

    /// Whether this thread runs the function: what waits here for a run waits for itself.
    pub(super) fn is_runner(&self) -> bool {
        // ORDERING: Relaxed; see `Inside::step`.
        self.runner.load(Ordering::Relaxed) == this_thread()
    }
}

impl<K: Hash + Eq, P: Payload, S: BuildHasher> Shared<K, P, S> {
    #[inline]
    pub(super) fn hashed<'q, Q: Hash + ?Sized>(&self, key: &'q Q) -> Hashed<'q, Q> {
        Hashed { key, hash: self.hasher.hash_one(key) }
    }

    pub(super) fn hash_of(&self) -> impl Fn(&K) -> u64 + '_ {
        |key| self.hasher.hash_one(key)
    }

    /// A call that brings something for the run that covers it. Returns its epoch.
    #[inline]
    pub(super) fn trigger<Q>(
        &self,
        hashed: &Hashed<'_, Q>,
        brought: P::Brought,
    ) -> Result<Epoch, Rejected<P::Brought>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        // Before a lock is held: the clock is the user's.
        let told_at = self.ledger.rules.pace.needs_each_call().then(|| self.clock.now());
        let lock = self.shards.of(hashed.hash);
        let Some(shard) = read_unless(lock, || self.is_forked()) else {
            return Err(Rejected::ended(brought, Ended::Forked));
        };
        let Some(epoch) = shard.pending_in(hashed) else {
            drop(shard);
            return self.request(hashed, brought);
        };
        let shard = still_read(shard, lock);
        // A run that is pending comes, also when the end was asked for.
        match shard.coalesce(hashed, epoch, brought, told_at, &self.ledger, || self.is_forked()) {
            Coalesced::Taken(taken) => {
                drop(shard);
                if taken.wakes {
                    self.waiting().notify();
                }
                drop(taken.replaced);
                Ok(taken.epoch)
            }
            Coalesced::Refused(not_put) => Err(not_put.into()),
            Coalesced::Not(brought) => {
                drop(shard);
                self.request(hashed, brought)
            }
        }
    }

    #[cold]
    fn request<Q>(&self, hashed: &Hashed<'_, Q>, brought: P::Brought) -> Result<Epoch, Rejected<P::Brought>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        if self.is_forked() {
            return Err(Rejected::ended(brought, Ended::Forked));
        }
        if let Err(ended) = lock(&self.ledger.control).stage.check() {
            return Err(Rejected::ended(brought, ended));
        }
        // Keys are cloned and dropped, and the clock is read, while no lock is held.
        let called_at = self.ledger.rules.pace.needs_first_call().then(|| self.clock.now());
        let item = Arc::new(Item { key: hashed.key.to_owned(), hash: hashed.hash });
        let shard = write(self.shards.of(hashed.hash));
        if shard.state(hashed).is_some() {
            return self.request_in(shard, &item, brought, called_at);
        }
        drop(shard);
        let (mut spare, mut evicted) = (Some(hashed.key.to_owned()), Evicted::new());
        loop {
            let at = self.at();
            let mut shard = write(self.shards.of(hashed.hash));
            if shard.state(hashed).is_none() {
                if !self.shards.count_in() {
                    drop(shard);
                    if self.shards.make_room(at, &self.hash_of()) {
                        continue;
                    }
                    let max_keys = usize::try_from(self.shards.most_keys()).unwrap_or(usize::MAX);
                    return Err(Rejected { value: brought, reason: Reason::TooManyKeys { max_keys } });
                }
                if let Some(key) = spare.take() {
                    shard.come_in(hashed.hash, key, self.shards.kept(at), &self.hash_of(), &mut evicted);
                }
                self.shards.count_out(evicted.len());
            }
            return self.request_in(shard, &item, brought, called_at);
        }
    }

    /// A call on a key that is in `shard`. The owner is notified before the caller drops anything, which may panic.
    fn request_in(
        &self,
        mut shard: impl DerefMut<Target = KeyShard<K, P>>,
        item: &Arc<Item<K>>,
        brought: P::Brought,
        called_at: Option<Timestamp>,
    ) -> Result<Epoch, Rejected<P::Brought>> {
        let requested = shard.request(item, brought, called_at, &self.ledger);
        drop(shard);
        let taken = requested?;
        if taken.wakes {
            self.waiting().notify();
        }
        Ok(taken.epoch)
    }

    /// Starts the pending run of a key. Returns the epoch of a call that it covers.
    pub(super) fn flush<Q: Hash + Eq + ?Sized>(&self, hashed: &Hashed<'_, Q>) -> Result<Epoch, NotFlushed>
    where
        K: Borrow<Q>,
    {
        if self.is_forked() {
            return Err(NotFlushed::Ended);
        }
        let now = self.clock.now();
        let mut gone = Gone::default();
        let covered = write(self.shards.of(hashed.hash)).flush(hashed, now, &self.ledger, &mut gone)?;
        self.waiting().notify();
        Ok(covered)
    }

    /// Gives up the pending or owed run of a key, and drops what that was to be given. Returns whether there was one.
    pub(super) fn cancel<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        if self.is_forked() {
            return false;
        }
        let hashed = self.hashed(key);
        let mut gone = Gone::default();
        let cancelled = write(self.shards.of(hashed.hash)).cancel(&hashed, &self.ledger, &mut gone);
        self.tell_cancel(cancelled);
        drop(gone);
        cancelled.is_some()
    }

    /// Takes what no run of a key was given, and gives up its pending or owed run.
    pub(super) fn take<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<P::Given>
    where
        K: Borrow<Q>,
    {
        if self.is_forked() {
            return None;
        }
        let hashed = self.hashed(key);
        let mut gone = Gone::default();
        let (given, cancelled) = write(self.shards.of(hashed.hash)).take(&hashed, &self.ledger, &mut gone);
        self.tell_cancel(cancelled);
        drop(gone);
        given
    }

    fn tell_cancel(&self, cancelled: Option<Epoch>) {
        if let Some(epoch) = cancelled {
            self.waiting().notify();
            observe::cancelled(self.source(), epoch);
        }
    }
}

impl<K, P: Payload, S> Ends for Shared<K, P, S> {
    fn end(&self, pending: Pending) {
        lock(&self.ledger.control).stage.end(pending);
        self.waiting().notify();
    }

    fn ended(&self) -> Option<Shutdown> {
        lock(&self.ledger.control).stage.ended()
    }

    fn is_worker(&self) -> bool {
        self.is_runner()
    }

    fn is_forked(&self) -> bool {
        self.is_forked()
    }

    fn waiting(&self) -> Waiting<'_, AnyClock> {
        self.waiting()
    }
}
