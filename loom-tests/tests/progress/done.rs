//! What each thread of a model does to the word, counted by a hook.

use atomic_throttle::hook::{self, Hook, Number};
use std::cell::Cell;
use std::rc::Rc;

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

/// Counts from now on.
pub fn count() {
    hook::plant(Some(Rc::new(Count)));
}

/// What this thread of the model has done since it last asked.
pub fn done() -> Done {
    DONE.with(Cell::take)
}

/// Plants the failure, or removes it.
pub fn fail_first(planted: bool) {
    FAILS_FIRST.set(planted);
}

fn note(change: impl FnOnce(&mut Done)) {
    DONE.with(|cell| {
        let mut done = cell.get();
        change(&mut done);
        cell.set(done);
    });
}

struct Count;

impl Hook for Count {
    fn load(&self, number: Number<'_>) -> u64 {
        if number.is_word() {
            note(|done| done.loads += 1);
        }
        number.load()
    }

    fn swap(&self, number: Number<'_>, current: u64, new: u64) -> Result<u64, u64> {
        if !number.is_word() {
            return number.swap(current, new);
        }
        let before = DONE.with(Cell::get);
        if FAILS_FIRST.get() && before.moved + before.lost == 0 {
            note(|done| done.lost += 1);
            return Err(current);
        }
        let found = number.swap(current, new);
        match found {
            Ok(_) => note(|done| done.moved += 1),
            Err(_) => note(|done| done.lost += 1),
        }
        found
    }
}
