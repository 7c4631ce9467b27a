//! A hook that counts what each thread does.

use atomic_throttle::hook::{self, Hook, Kind, Number, Order, What};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::Ordering;

/// What a piece of code did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub fences: usize,
    /// Loads of the word.
    pub loads: usize,
    /// Compare-and-swaps of the word.
    pub swaps: usize,
    /// Loads of the threshold.
    pub threshold_loads: usize,
    /// Stores of the threshold.
    pub stores: usize,
    /// Additions to any other number.
    pub additions: usize,
}

std::thread_local! {
    static COUNTS: Cell<Counts> = Cell::default();
    /// What another thread will set the threshold to, and what it has set it to.
    static NEXT_THRESHOLD: Cell<Option<u64>> = const { Cell::new(None) };
    static NEW_THRESHOLD: Cell<Option<u64>> = const { Cell::new(None) };
}

/// What `f` does.
pub fn counted<T>(f: impl FnOnce() -> T) -> (T, Counts) {
    COUNTS.set(Counts::default());
    hook::plant(Some(Rc::new(Count)));
    let value = f();
    hook::plant(None);
    (value, COUNTS.get())
}

/// What `f` does if another thread sets the threshold just before the first compare-and-swap, which fails.
pub fn overtaken<T>(threshold: u64, f: impl FnOnce() -> T) -> T {
    NEXT_THRESHOLD.set(Some(threshold));
    let (value, _) = counted(f);
    assert!(NEXT_THRESHOLD.take().is_none(), "it came to no compare-and-swap");
    NEW_THRESHOLD.set(None);
    value
}

fn count(change: impl FnOnce(&mut Counts)) {
    let mut counts = COUNTS.get();
    change(&mut counts);
    COUNTS.set(counts);
}

struct Count;

impl Hook for Count {
    fn wait(&self) {
        panic!("it waits, and nobody would end that");
    }

    fn order(&self, order: &'static Order) -> Option<Ordering> {
        count(|counts| counts.fences += usize::from(order.what == What::Fence));
        Some(order.ordering)
    }

    fn load(&self, number: Number<'_>) -> u64 {
        let found = number.load();
        match number.kind() {
            Kind::Word => count(|counts| counts.loads += 1),
            Kind::U64 => {
                count(|counts| counts.threshold_loads += 1);
                return NEW_THRESHOLD.get().unwrap_or(found);
            }
            Kind::U32 => {}
        }
        found
    }

    fn store(&self, number: Number<'_>, value: u64) {
        count(|counts| counts.stores += 1);
        number.store(value);
    }

    fn fetch_add(&self, number: Number<'_>, value: u64) -> u64 {
        count(|counts| counts.additions += 1);
        number.fetch_add(value)
    }

    fn swap(&self, word: Number<'_>, current: u64, new: u64) -> Result<u64, u64> {
        count(|counts| counts.swaps += 1);
        if let Some(threshold) = NEXT_THRESHOLD.take() {
            NEW_THRESHOLD.set(Some(threshold));
            return Err(word.load());
        }
        loop {
            match word.swap(current, new) {
                // It failed without a cause: the retry is not to be counted.
                Err(found) if found == current => {}
                result => return result,
            }
        }
    }
}
