//! One shard: a part of the keys, each with its state. It has no lock and no clock: a thread that holds the
//! shard's lock moves a state by the pure transitions of [`state`](crate::state).
//!
//! What is forgotten here is remembered once for all: the latest state among those evicted. A key that is
//! not in the table is decided by that state, as if it were the one that was evicted last. So it makes no
//! difference to G1 whether the key was evicted or never ran, whatever the clock and the threshold do
//! later.

use super::evict::Evicted;
use super::word::Word;
use crate::state::{Epoch, Refused, State, TryStart};
use crate::sync::{AtomicU64, Ordering};
use crate::time::{Threshold, Timestamp};
use core::borrow::Borrow;
use hashbrown::HashTable;

pub(super) struct Entry<K> {
    pub(super) key: K,
    pub(super) word: Word,
}

/// A key with its hash, which is computed once for each call.
pub(super) struct Hashed<'q, Q: ?Sized> {
    pub(super) key: &'q Q,
    pub(super) hash: u64,
}

/// Which time and threshold something is decided by.
#[derive(Clone, Copy)]
pub(super) struct At {
    pub(super) now: Timestamp,
    pub(super) threshold: Threshold,
}

impl At {
    /// By this threshold, if it is longer.
    pub(super) fn or_longer(self, threshold: Threshold) -> Self {
        Self { threshold: self.threshold.max(threshold), ..self }
    }
}

/// The answer to a call.
#[derive(Debug, PartialEq)]
pub(super) enum Decision {
    Started(Epoch),
    Refused(Refused),
    /// The key is not here, and may start once it is.
    Unknown,
    /// The key is not here, and the window of what was forgotten is not over.
    UnknownRefused(Refused),
}

/// `X`: what is kept beside the states, for a front end that has deferrals.
pub(super) struct Shard<K, X = ()> {
    pub(super) entries: HashTable<Entry<K>>,
    pub(super) beside: X,
    /// The latest state among those evicted, [`State::NEW`] before the first.
    pub(super) forgotten: State,
    /// Where the next look for evictable entries begins.
    cursor: AtomicU64,
}

/// What a shard keeps beside the states of its keys.
pub(super) trait Beside: Default {
    fn allocated_bytes(&self) -> usize;
}

impl Beside for () {
    fn allocated_bytes(&self) -> usize {
        0
    }
}

impl<K, X: Beside> Shard<K, X> {
    pub(super) fn new() -> Self {
        Self {
            entries: HashTable::new(),
            beside: X::default(),
            forgotten: State::NEW,
            cursor: AtomicU64::new(0),
        }
    }

    /// A look ends at this place. Who looks at the same time does so in vain, and at worst this look is repeated.
    pub(super) fn look_goes_on_at(&self, place: usize) {
        let next = if place < self.entries.num_buckets() { place } else { 0 };
        // ORDERING: Relaxed. It says where to look, and publishes nothing.
        self.cursor.store(next as u64, Ordering::Relaxed);
    }

    /// Where the next look for evictable entries begins.
    pub(super) fn cursor(&self) -> usize {
        // ORDERING: Relaxed; see `look_goes_on_at`.
        usize::try_from(self.cursor.load(Ordering::Relaxed)).unwrap_or(0)
    }

    pub(super) fn allocated_bytes(&self) -> usize {
        self.entries.allocation_size() + self.beside.allocated_bytes()
    }
}

impl<K, X: Beside> Shard<K, X> {
    #[inline]
    pub(super) fn state<Q: Eq + ?Sized>(&self, hashed: &Hashed<'_, Q>) -> Option<State>
    where
        K: Borrow<Q>,
    {
        self.word(hashed).map(Word::look)
    }

    #[inline]
    pub(super) fn word<Q: Eq + ?Sized>(&self, hashed: &Hashed<'_, Q>) -> Option<&Word>
    where
        K: Borrow<Q>,
    {
        self.entries.find(hashed.hash, |entry| entry.key.borrow() == hashed.key).map(|entry| &entry.word)
    }

    pub(super) fn word_mut<Q: Eq + ?Sized>(&mut self, hashed: &Hashed<'_, Q>) -> Option<&mut Word>
    where
        K: Borrow<Q>,
    {
        let entry = self.entries.find_mut(hashed.hash, |entry| entry.key.borrow() == hashed.key);
        entry.map(|entry| &mut entry.word)
    }

    /// A call that runs now or not at all, under the lock of a writer.
    pub(super) fn try_start<Q: Eq + ?Sized>(&mut self, hashed: &Hashed<'_, Q>, at: At) -> Decision
    where
        K: Borrow<Q>,
    {
        if let Some(word) = self.word_mut(hashed) {
            let (next, outcome) = word.get().try_start(at.now, at.threshold);
            word.set(next);
            return match outcome {
                TryStart::Run => Decision::Started(next.epoch()),
                TryStart::Refused(refused) => Decision::Refused(refused),
            };
        }
        match self.forgotten.try_start(at.now, at.threshold).1 {
            TryStart::Run => Decision::Unknown,
            TryStart::Refused(refused) => Decision::UnknownRefused(refused),
        }
    }

    /// The same for a key that is not here, and may start: it comes in. What is evicted for it is over by `kept`,
    /// whose threshold is no shorter.
    pub(super) fn start_unknown(
        &mut self,
        hash: u64,
        key: K,
        (at, kept): (At, At),
        hash_of: &impl Fn(&K) -> u64,
        evicted: &mut Evicted<K>,
    ) -> Epoch {
        self.make_place(kept, hash_of, evicted);
        let (state, outcome) = self.forgotten.try_start(at.now, at.threshold);
        debug_assert_eq!(outcome, TryStart::Run, "the windows of all that was evicted are over");
        self.insert(hash, Entry { key, word: Word::new(state) }, hash_of);
        state.epoch()
    }

    /// An entry of a key that is not here. There is a place for it.
    pub(super) fn insert(&mut self, hash: u64, entry: Entry<K>, hash_of: &impl Fn(&K) -> u64) {
        self.entries.insert_unique(hash, entry, |entry| hash_of(&entry.key));
    }
}
