//! Eviction: which keys are forgotten, and in which portions.
//!
//! No thread sweeps the whole table. Some calls that run look at a few places of one shard, by turns, and go on there
//! only as long as there is more to evict than to keep. A shard whose table is full is looked through before
//! it grows, which takes a look at every entry in any case.
//!
//! Looks leave keys alone for a second. A key with a shorter window would otherwise be forgotten and come in again at
//! each of its runs.

use super::over::{is_over, later};
use super::shard::{At, Beside, Shard};
use crate::time::Threshold;
use core::ops::Range;
use core::time::Duration;
use hashbrown::HashTable;
use std::vec::Vec;

/// By how many places of the table a look for evictable entries goes on.
pub(super) const STEP: usize = 32;
/// The most steps of one look. It takes more than one only while there is more to evict than to keep.
pub(super) const STEPS: usize = 64;
/// A table with room for this many times its entries is made smaller.
const MOSTLY_EMPTY: usize = 8;

/// For how long after its start a key is left alone: what recurs sooner need not come in again.
const LINGER: Duration = Duration::from_secs(1);
/// A full table of so many places grows rather than forget what recurs soon.
const FEW: usize = 32;

/// The places of the smallest table, which is kept unless somebody asks for its memory: otherwise each lone key
/// would allocate a new one.
const LEAST: usize = 4;

/// The keys that were evicted, to be dropped when the lock is free: what their `Drop` does is not ours.
pub(super) type Evicted<K> = Vec<K>;

impl At {
    /// What is over by this is over by the threshold, and began a while ago.
    pub(super) fn lingering(self) -> Self {
        // By a threshold, and not by an earlier time: without a threshold no window is open at any time.
        self.or_longer(Threshold::new(LINGER))
    }
}

impl<K, X: Beside> Shard<K, X> {
    /// Looks at some entries, from where the last look ended.
    pub(super) fn evict_some(&mut self, at: At, hash_of: &impl Fn(&K) -> u64, evicted: &mut Evicted<K>) {
        let mut place = self.cursor();
        for _ in 0..STEPS {
            let places = self.places_from(place);
            place = places.end;
            let is_worth_it = self.evict_step(places, at, evicted);
            if !is_worth_it || place >= self.entries.num_buckets() {
                break;
            }
        }
        self.look_goes_on_at(place);
        self.shrink(hash_of);
    }

    /// Whether a look finds something to do, under the lock of a reader. If not, it was a look.
    pub(super) fn is_worth_a_look(&self, at: At) -> bool {
        if self.is_mostly_empty() {
            return true;
        }
        let mut place = self.cursor();
        for _ in 0..STEPS {
            let places = self.places_from(place);
            place = places.end;
            let mut entries =
                places.into_iter().filter_map(|place| self.entries.get_bucket(place)).peekable();
            let is_empty = entries.peek().is_none();
            if entries.any(|entry| is_over(entry.word.look(), at)) {
                return true;
            }
            if !is_empty || place >= self.entries.num_buckets() {
                break;
            }
        }
        self.look_goes_on_at(place);
        false
    }

    /// Whether there is something to evict at the places from where the last look ended, all around, but at most at `left`
    /// more places. The next look begins there. Under the lock of a reader.
    pub(super) fn finds_one_to_evict(&self, at: At, left: &mut usize) -> bool {
        let all = self.entries.num_buckets();
        let mut place = self.cursor();
        for _ in 0..=all.div_ceil(STEP) {
            if *left == 0 {
                break;
            }
            if place >= all {
                place = 0;
            }
            let places = self.places_from(place);
            // A shard without a table counts, too: its lock was taken.
            *left = left.saturating_sub(places.len().max(1));
            let mut entries = places.clone().filter_map(|place| self.entries.get_bucket(place));
            if entries.any(|entry| is_over(entry.word.look(), at)) {
                self.look_goes_on_at(place);
                return true;
            }
            place = places.end;
        }
        self.look_goes_on_at(place);
        false
    }

    /// The places of one step.
    fn places_from(&self, place: usize) -> Range<usize> {
        place..(place + STEP).min(self.entries.num_buckets())
    }

    /// Returns whether there was at least as much to evict as to keep.
    fn evict_step(&mut self, places: Range<usize>, at: At, evicted: &mut Evicted<K>) -> bool {
        let (mut gone, mut kept) = (0, 0);
        for place in places {
            let Some(entry) = self.entries.get_bucket_mut(place) else { continue };
            let state = entry.word.get();
            if !is_over(state, at) {
                kept += 1;
                continue;
            }
            if let Ok(found) = self.entries.get_bucket_entry(place) {
                let (entry, _) = found.remove();
                self.forgotten = later(self.forgotten, state);
                evicted.push(entry.key);
                gone += 1;
            }
        }
        gone >= kept
    }

    /// Evicts all that it can, and returns at how many places it looked.
    pub(super) fn evict_all(&mut self, at: At, evicted: &mut Evicted<K>) -> usize {
        let forgotten = &mut self.forgotten;
        let gone = self.entries.extract_if(|entry| is_over(entry.word.get(), at));
        evicted.extend(gone.map(|mut entry| {
            *forgotten = later(*forgotten, entry.word.get());
            entry.key
        }));
        self.entries.num_buckets()
    }

    /// Makes a table that is mostly empty smaller, but not smaller than the smallest.
    pub(super) fn shrink(&mut self, hash_of: &impl Fn(&K) -> u64) {
        if self.is_mostly_empty() {
            self.give_back(hash_of);
        }
    }

    /// Whether the table is to be smaller.
    fn is_mostly_empty(&self) -> bool {
        self.entries.num_buckets() > LEAST && room(&self.entries) >= MOSTLY_EMPTY * self.entries.len()
    }

    /// Makes a table that is mostly empty smaller, and gives back one that is empty.
    pub(super) fn give_back(&mut self, hash_of: &impl Fn(&K) -> u64) {
        if self.entries.is_empty() {
            self.look_goes_on_at(0);
            self.entries = HashTable::new();
        } else if room(&self.entries) >= MOSTLY_EMPTY * self.entries.len() {
            self.look_goes_on_at(0);
            // Twice what is needed: so many may come before it grows again.
            self.entries.shrink_to(2 * self.entries.len(), |entry| hash_of(&entry.key));
        }
    }

    /// Makes sure that one more entry has a place. A table that is full is looked through before it grows.
    pub(super) fn make_place(&mut self, at: At, hash_of: &impl Fn(&K) -> u64, evicted: &mut Evicted<K>) {
        let free = self.entries.capacity() - self.entries.len();
        if free > 0 {
            return;
        }
        let is_small = self.entries.num_buckets() <= FEW;
        self.evict_all(if is_small { at.lingering() } else { at }, evicted);
        let free = self.entries.capacity() - self.entries.len();
        // Else the next look would come too soon: then this one grows, or clears away what the evicted
        // entries left behind.
        if free < room(&self.entries) / 4 + 1 {
            self.entries.reserve(free + 1, |entry| hash_of(&entry.key));
            self.look_goes_on_at(0);
        }
    }
}

/// How many entries a table has room for when nothing was removed from it.
fn room<T>(table: &HashTable<T>) -> usize {
    table.num_buckets() / 8 * 7
}
