//! A hook that lets other threads go first before each access to the word, and that can have a fault.

use atomic_throttle::hook::{self, Hook, Number};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
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

/// How often a thread without a fault lost the word to another one between its load and its compare-and-swap.
pub static LOST_RACES: AtomicUsize = AtomicUsize::new(0);

/// From now on this thread yields at random, and its accesses have the fault.
pub fn plant(fault: Fault, seed: u64) {
    let random = RefCell::new(SmallRng::seed_from_u64(seed));
    hook::plant(Some(Rc::new(Planted {
        fault,
        random,
        seen: Cell::new(None),
        before_swap: Cell::new(None),
    })));
}

/// Calls `other` between the next decision of this thread and its compare-and-swap, as if another thread
/// had come just then.
#[allow(dead_code, reason = "the other test needs it")]
pub fn before_next_swap(other: fn()) {
    let random = RefCell::new(SmallRng::seed_from_u64(0));
    let before_swap = Cell::new(Some(other));
    hook::plant(Some(Rc::new(Planted { fault: Fault::Nothing, random, seen: Cell::new(None), before_swap })));
}

struct Planted {
    fault: Fault,
    random: RefCell<SmallRng>,
    seen: Cell<Option<u64>>,
    before_swap: Cell<Option<fn()>>,
}

impl Planted {
    fn let_others_go_first(&self) {
        let yields = self.random.borrow_mut().random_ratio(1, 2);
        if yields {
            thread::yield_now();
        }
    }

    fn load_then_store(&self, word: Number<'_>, current: u64, new: u64) -> Result<u64, u64> {
        let found = word.load();
        if found != current {
            return Err(found);
        }
        self.let_others_go_first();
        word.store(new);
        Ok(found)
    }
}

/// It fails only if another thread has moved the word.
fn swap(word: Number<'_>, current: u64, new: u64) -> Result<u64, u64> {
    loop {
        match word.swap(current, new) {
            Err(found) if found == current => {}
            result => return result,
        }
    }
}

impl Hook for Planted {
    fn load(&self, number: Number<'_>) -> u64 {
        if !number.is_word() {
            return number.load();
        }
        self.let_others_go_first();
        let found = number.load();
        let seen = if self.fault == Fault::StaleLoad { self.seen.get().unwrap_or(found) } else { found };
        self.seen.set(Some(seen));
        seen
    }

    fn swap(&self, word: Number<'_>, current: u64, new: u64) -> Result<u64, u64> {
        const RUNNING: u64 = 1;
        if !word.is_word() {
            return word.swap(current, new);
        }
        self.let_others_go_first();
        if let Some(other) = self.before_swap.take() {
            other();
        }
        let finishes = current & RUNNING != 0 && new & RUNNING == 0;
        let result = match self.fault {
            Fault::LoadThenStore => self.load_then_store(word, current, new),
            Fault::FinishByStore if finishes => self.load_then_store(word, current, new),
            Fault::FailureIgnored => {
                let _ = swap(word, current, new);
                Ok(current)
            }
            _ => swap(word, current, new),
        };
        if result.is_err() && self.fault == Fault::Nothing {
            LOST_RACES.fetch_add(1, Ordering::Relaxed);
        }
        self.seen.set(Some(result.map_or_else(|word| word, |_| new)));
        result
    }
}
