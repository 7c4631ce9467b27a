//! The shards behind their locks: which one a key is in, how many keys there are, and whose turn it is to be
//! looked through.

use super::evict::Evicted;
use super::shard::{At, Beside, Decision, Hashed, Shard};
use super::word::Word;
use crate::state::{Epoch, Refused, State};
use crate::sync::{
    AtomicU64, LOCK_BYTES, Ordering, RwLock, RwLockWriteGuard, asks_before_the_lock, decides_after_the_lock,
    finishes_once_more, read, try_read, try_write, write,
};
use crate::time::Threshold;
use core::borrow::Borrow;
use std::boxed::Box;

/// The most shards: as many as 12 bits of a hash tell apart.
pub(super) const MOST_SHARDS: usize = 1 << SLICE;
const SLICE: u32 = 12;
/// Where the two slices of a hash begin that choose the shard. The table takes the lowest bits and the
/// highest seven, so the choice leaves those even.
const SLICES: [u32; 2] = [32, 44];

/// At how many places a call that has no room for its key looks for one to evict: so few that strangers who are refused
/// cost little, however many keys are known.
const LOOK_FOR_ROOM: usize = 512;

/// A shard behind its lock.
type Lock<K, X> = RwLock<Shard<K, X>>;

/// Keeps a shard, or a count that calls on all shards write, on lines of its own, also where the processor fetches lines in pairs.
#[repr(align(128))]
struct Padded<T>(T);

pub(super) struct Shards<K, X = ()> {
    all: Box<[Padded<Lock<K, X>>]>,
    most_keys: u64,
    /// The longest threshold that a call has named. It is here, where calls look in any case, because it seldom
    /// grows, and is written only then.
    longest: AtomicU64,
    /// How many keys there are, those about to come in included.
    keys: Padded<AtomicU64>,
    /// The number of turns so far. They say which shard is looked at next.
    turns: Padded<AtomicU64>,
}

/// Why a key that was not known did not start.
pub(super) enum NotNew {
    /// It is known now.
    Refused(Refused),
    /// The window of what was forgotten is not over.
    Forgotten(Refused),
    /// There is no room for it.
    Full,
}

impl<K, X: Beside> Shards<K, X> {
    /// `shards` is a power of two, at most `MOST_SHARDS`.
    pub(super) fn new(shards: usize, most_keys: u64) -> Self {
        let all = (0..shards).map(|_| Padded(RwLock::new(Shard::new()))).collect();
        let count = || Padded(AtomicU64::new(0));
        Self { all, most_keys, longest: AtomicU64::new(0), keys: count(), turns: count() }
    }

    /// A call is about to be decided by a threshold of its own. From now on no key is evicted before a window of this
    /// length is over.
    #[inline]
    pub(super) fn name(&self, threshold: Threshold) {
        let nanos = threshold.as_nanos();
        let longer = |longest| if longest < nanos { Some(nanos) } else { None };
        // ORDERING: Relaxed. The lock of the shard orders it: this comes before the decision, which is made under the
        // lock, and `kept` looks under the lock of a writer. So an eviction after the decision knows of it, also where
        // this has only seen that another call named as much.
        let _ = self.longest.fetch_update(Ordering::Relaxed, Ordering::Relaxed, longer);
    }

    /// By what a key is kept, for an eviction under the lock of a writer: by `at`, whose threshold is that of calls
    /// which name none, or by the longest one that was named.
    pub(super) fn kept(&self, at: At) -> At {
        // ORDERING: Relaxed; see `name`.
        at.or_longer(Threshold::from_nanos(self.longest.load(Ordering::Relaxed)))
    }

    /// The shard of a key with this hash.
    ///
    /// It is the greater of two numbers, so the sizes of shards are spread evenly from almost nothing to twice
    /// the average. Tables double when they grow: shards of one size would all do so at the same number of
    /// keys, and a key would take twice the memory after that as before. As it is, it takes about the same
    /// at any number.
    #[inline]
    pub(super) fn of(&self, hash: u64) -> &Lock<K, X> {
        let slice = |from: u32| usize::try_from(hash >> from & (MOST_SHARDS as u64 - 1)).unwrap_or_default();
        let [one, other] = SLICES.map(|from| slice(from) & (self.all.len() - 1));
        &self.all[one.max(other)].0
    }

    pub(super) fn most_keys(&self) -> u64 {
        self.most_keys
    }

    pub(super) fn len(&self) -> u64 {
        // ORDERING: Relaxed. A count: it publishes nothing.
        self.keys.0.load(Ordering::Relaxed)
    }

    /// Counts a key that is about to come in. Returns whether there is room for it.
    pub(super) fn count_in(&self) -> bool {
        let room_for_one = |keys| if keys < self.most_keys { Some(keys + 1) } else { None };
        // ORDERING: Relaxed; see `len`.
        self.keys.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room_for_one).is_ok()
    }

    pub(super) fn count_out(&self, keys: usize) {
        if keys > 0 {
            // ORDERING: Relaxed; see `len`. It wraps: that is how it subtracts.
            self.keys.0.fetch_add((keys as u64).wrapping_neg(), Ordering::Relaxed);
        }
    }

    /// The state of a key, if it is known.
    pub(super) fn state<Q: Eq + ?Sized>(&self, hashed: &Hashed<'_, Q>) -> Option<State>
    where
        K: Borrow<Q>,
    {
        read(self.of(hashed.hash)).state(hashed)
    }

    /// Whether a call on a key that is known would be refused. Those who ask do not keep each other waiting.
    #[inline]
    pub(super) fn refuses<Q: Eq + ?Sized>(&self, hashed: &Hashed<'_, Q>, at: At) -> Option<Refused>
    where
        K: Borrow<Q>,
    {
        read(self.of(hashed.hash)).state(hashed)?.refuses(at.now, at.threshold)
    }

    /// A call on a key that is known; `None` if it is not. Those who decide do not keep each other waiting.
    /// `at` is asked under the lock: the threshold may have become longer while this call waited for it.
    #[inline]
    pub(super) fn try_start<Q: Eq + ?Sized>(
        &self,
        hashed: &Hashed<'_, Q>,
        at: impl Fn() -> At,
    ) -> Option<Result<Epoch, Refused>>
    where
        K: Borrow<Q>,
    {
        let shard = read(self.of(hashed.hash));
        if decides_after_the_lock() {
            let seen = shard.state(hashed)?;
            drop(shard);
            return Some(self.try_start_late(hashed, at, seen));
        }
        Some(shard.word(hashed)?.try_start(at))
    }

    /// Only for a fault that a check plants.
    #[cold]
    fn try_start_late<Q: Eq + ?Sized>(
        &self,
        hashed: &Hashed<'_, Q>,
        at: impl Fn() -> At,
        seen: State,
    ) -> Result<Epoch, Refused>
    where
        K: Borrow<Q>,
    {
        let mut late = Word::new(seen);
        let told = late.try_start(at);
        if let Some(word) = write(self.of(hashed.hash)).word_mut(hashed) {
            word.set(late.get());
        }
        told
    }

    /// For a key that was not known a moment ago. Decides alone: it may have come in since. What is evicted for it
    /// is the caller's to drop, when it holds the guard of the run: a `Drop` may panic.
    /// `at` is asked under the lock. It also has the threshold of calls that name none.
    pub(super) fn try_start_new<Q: Eq + ?Sized>(
        &self,
        hashed: &Hashed<'_, Q>,
        key: K,
        at: impl FnOnce() -> (At, Threshold),
        hash_of: &impl Fn(&K) -> u64,
        evicted: &mut Evicted<K>,
    ) -> Result<Epoch, NotNew>
    where
        K: Borrow<Q>,
    {
        let before = evicted.len();
        let mut shard = write(self.of(hashed.hash));
        let (at, common) = at();
        match shard.try_start(hashed, at) {
            Decision::Started(epoch) => return Ok(epoch),
            Decision::Refused(refused) => return Err(NotNew::Refused(refused)),
            Decision::UnknownRefused(refused) => return Err(NotNew::Forgotten(refused)),
            Decision::Unknown if !self.count_in() => return Err(NotNew::Full),
            Decision::Unknown => {}
        }
        let kept = self.kept(at.or_longer(common));
        let epoch = shard.start_unknown(hashed.hash, key, (at, kept), hash_of, evicted);
        self.count_out(evicted.len() - before);
        Ok(epoch)
    }

    /// Where there are no deferrals, the run of the key that opened `epoch` ends.
    #[inline]
    pub(super) fn finish<Q: Eq + ?Sized>(&self, hashed: &Hashed<'_, Q>, epoch: Epoch)
    where
        K: Borrow<Q>,
    {
        // It is here: a key with a run in progress is never evicted.
        let Some(ended) = read(self.of(hashed.hash)).word(hashed).map(|word| word.finish(epoch)) else {
            return;
        };
        if finishes_once_more() {
            self.finish_once_more(hashed, ended);
        }
    }

    /// Only for a fault that a check plants.
    #[cold]
    fn finish_once_more<Q: Eq + ?Sized>(&self, hashed: &Hashed<'_, Q>, ended: State)
    where
        K: Borrow<Q>,
    {
        if let Some(word) = write(self.of(hashed.hash)).word_mut(hashed) {
            word.set(ended);
        }
    }

    /// Locks a shard alone for an eviction, and says by what its keys are kept.
    fn write_to_evict<'l>(&self, lock: &'l Lock<K, X>, at: At) -> (RwLockWriteGuard<'l, Shard<K, X>>, At) {
        if asks_before_the_lock() {
            let kept = self.kept(at);
            return (write(lock), kept);
        }
        let shard = write(lock);
        let kept = self.kept(at);
        (shard, kept)
    }

    /// Looks at some places of the shard whose turn it is, together with others that read it, and evicts some keys if
    /// it sees one to evict. Not if the shard is in use.
    pub(super) fn glance(&self, at: At, hash_of: &impl Fn(&K) -> u64) {
        let lock = self.in_turn(self.next_turn());
        let is_worth_it = |shard: &Shard<K, X>| shard.is_worth_a_look(self.kept(at).lingering());
        if try_read(lock).is_some_and(|shard| is_worth_it(&shard)) {
            self.look_in(lock, at, hash_of);
        }
    }

    /// Evicts some keys of the shard whose turn it is, unless that is in use.
    pub(super) fn look(&self, at: At, hash_of: &impl Fn(&K) -> u64) {
        self.look_in(self.in_turn(self.next_turn()), at, hash_of);
    }

    fn look_in(&self, lock: &Lock<K, X>, at: At, hash_of: &impl Fn(&K) -> u64) {
        let mut evicted = Evicted::new();
        if let Some(mut shard) = try_write(lock) {
            shard.evict_some(self.kept(at).lingering(), hash_of, &mut evicted);
            self.count_out(evicted.len());
        }
    }

    /// Looks for keys to evict where there is no room for another one, in one shard after the other. Returns
    /// whether there is room now.
    pub(super) fn make_room(&self, at: At, hash_of: &impl Fn(&K) -> u64) -> bool {
        let (mut left, turn) = (LOOK_FOR_ROOM, self.next_turn());
        // Each shard once, even if other threads take turns meanwhile.
        for shard in 0..self.all.len() as u64 {
            // If another thread takes that room, the next try evicts what is left here.
            if self.len() < self.most_keys {
                return true;
            }
            if left == 0 {
                return false;
            }
            let lock = self.in_turn(turn.wrapping_add(shard));
            // Together with those that read it: most of these looks are in vain.
            if !read(lock).finds_one_to_evict(self.kept(at), &mut left) {
                continue;
            }
            let mut evicted = Evicted::new();
            let (mut shard, kept) = self.write_to_evict(lock, at);
            shard.evict_some(kept, hash_of, &mut evicted);
            self.count_out(evicted.len());
            drop(shard);
        }
        self.len() < self.most_keys
    }

    fn next_turn(&self) -> u64 {
        // ORDERING: Relaxed. The read-modify-write alone makes each turn another one.
        self.turns.0.fetch_add(1, Ordering::Relaxed)
    }

    fn in_turn(&self, turn: u64) -> &Lock<K, X> {
        let index = usize::try_from(turn & (self.all.len() as u64 - 1)).unwrap_or_default();
        &self.all[index].0
    }

    /// Evicts all that it can, shard by shard, and returns how many keys those were.
    pub(super) fn evict(&self, at: At, hash_of: &impl Fn(&K) -> u64) -> usize {
        let evict_all = |shard: &Padded<Lock<K, X>>| {
            let mut evicted = Evicted::new();
            let (mut shard, kept) = self.write_to_evict(&shard.0, at);
            shard.evict_all(kept, &mut evicted);
            shard.give_back(hash_of);
            self.count_out(evicted.len());
            drop(shard);
            evicted.len()
        };
        self.all.iter().map(evict_all).sum()
    }

    pub(super) fn allocated_bytes(&self) -> usize {
        let tables = self.all.iter().map(|shard| read(&shard.0).allocated_bytes());
        size_of_val(&*self.all) + self.all.len() * LOCK_BYTES + tables.sum::<usize>()
    }
}
