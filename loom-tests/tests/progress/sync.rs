//! The library's `sync`, counting what each thread of a model does to the word.

#[path = "../../../src/sync/mod.rs"]
#[allow(dead_code, unused_imports)]
mod shipped;

pub(crate) use shipped::{AtomicU64, Ordering, const_unless_loom, fence};

use std::cell::Cell;

/// What a thread did to the word.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Done {
    pub loads: usize,
    pub moved: usize,
    /// Compare-and-swaps that were lost, and so were tried again.
    pub lost: usize,
}

loom::thread_local!(static DONE: Cell<Done> = Cell::new(Done::default()));

// Planted: the first compare-and-swap of each thread fails although no other thread was in its way.
std::thread_local!(static FAILS_FIRST: Cell<bool> = const { Cell::new(false) });

/// What this thread of the model has done since it last asked.
pub fn done() -> Done {
    DONE.with(Cell::take)
}

/// Plants the failure, or removes it.
pub fn fail_first(planted: bool) {
    FAILS_FIRST.set(planted);
}

fn count(change: impl FnOnce(&mut Done)) -> Done {
    DONE.with(|cell| {
        let mut done = cell.get();
        change(&mut done);
        cell.set(done);
        done
    })
}

#[derive(Debug)]
pub(crate) struct AtomicWord(shipped::AtomicWord);

impl AtomicWord {
    pub(crate) fn new(value: u64) -> Self {
        Self(shipped::AtomicWord::new(value))
    }

    pub(crate) fn load(&self, order: Ordering) -> u64 {
        count(|done| done.loads += 1);
        self.0.load(order)
    }

    pub(crate) fn compare_exchange_weak(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        let before = DONE.with(Cell::get);
        if FAILS_FIRST.get() && before.moved + before.lost == 0 {
            count(|done| done.lost += 1);
            return Err(current);
        }
        let found = self.0.compare_exchange_weak(current, new, success, failure);
        match found {
            Ok(_) => count(|done| done.moved += 1),
            Err(_) => count(|done| done.lost += 1),
        };
        found
    }
}
