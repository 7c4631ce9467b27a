//! The library's `sync`, with a word that lets other threads go first before each access, and that can have a
//! fault.

#[path = "../../../../src/sync/mod.rs"]
#[allow(dead_code, unused_imports)]
mod shipped;

pub(crate) use shipped::{
    AtomicU32, AtomicU64, Event, EventListener, Forked, Ordering, const_unless_loom, fence, ordering, orders,
    this_thread, wait, wait_for,
};

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use std::cell::{Cell, RefCell};
use std::sync::atomic::AtomicUsize;
use std::thread;

/// What is wrong with the word.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    Nothing,
    /// A compare-and-swap is a load, a comparison and a store.
    LoadThenStore,
    /// Only the compare-and-swap that finishes a run is a load, a comparison and a store.
    FinishByStore,
    /// A compare-and-swap that has failed is taken as done.
    FailureIgnored,
    /// A load returns what this thread saw last, although another thread has moved the word since.
    StaleLoad,
}

std::thread_local! {
    static FAULT: Cell<Fault> = const { Cell::new(Fault::Nothing) };
    static RANDOM: RefCell<Option<SmallRng>> = const { RefCell::new(None) };
    static SEEN: Cell<Option<u64>> = const { Cell::new(None) };
    static BEFORE_SWAP: Cell<Option<fn()>> = const { Cell::new(None) };
}

/// How often a thread without a fault lost the word to another one between its load and its compare-and-swap.
pub static LOST_RACES: AtomicUsize = AtomicUsize::new(0);

/// From now on this thread yields at random, and its accesses have the fault.
pub fn plant(fault: Fault, seed: u64) {
    FAULT.set(fault);
    RANDOM.set(Some(SmallRng::seed_from_u64(seed)));
}

/// Calls `other` between the next decision of this thread and its compare-and-swap, as if another thread
/// had come just then.
pub fn before_next_swap(other: fn()) {
    BEFORE_SWAP.set(Some(other));
}

fn let_others_go_first() {
    if RANDOM.with_borrow_mut(|random| random.as_mut().is_some_and(|random| random.random_ratio(1, 2))) {
        thread::yield_now();
    }
}

#[derive(Debug)]
pub(crate) struct AtomicWord(AtomicU64);

impl AtomicWord {
    pub(crate) const fn new(word: u64) -> Self {
        Self(AtomicU64::new(word))
    }

    pub(crate) fn load(&self, order: Ordering) -> u64 {
        let_others_go_first();
        let word = self.0.load(order);
        let seen = if FAULT.get() == Fault::StaleLoad { SEEN.get().unwrap_or(word) } else { word };
        SEEN.set(Some(seen));
        seen
    }

    pub(crate) fn compare_exchange_weak(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        let_others_go_first();
        if let Some(other) = BEFORE_SWAP.take() {
            other();
        }
        let result = match (FAULT.get(), success) {
            (Fault::LoadThenStore, _) | (Fault::FinishByStore, Ordering::Release) => {
                self.load_then_store(current, new)
            }
            (Fault::FailureIgnored, _) => {
                let _ = self.0.compare_exchange(current, new, success, failure);
                Ok(current)
            }
            _ => self.0.compare_exchange(current, new, success, failure),
        };
        if result.is_err() && FAULT.get() == Fault::Nothing {
            LOST_RACES.fetch_add(1, Ordering::Relaxed);
        }
        SEEN.set(Some(result.map_or_else(|word| word, |_| new)));
        result
    }

    fn load_then_store(&self, current: u64, new: u64) -> Result<u64, u64> {
        let word = self.0.load(Ordering::Acquire);
        if word != current {
            return Err(word);
        }
        let_others_go_first();
        self.0.store(new, Ordering::Release);
        Ok(word)
    }
}
