//! The library's `sync`, counting what each thread does with it.

pub(crate) use core::sync::atomic::Ordering;
use core::sync::atomic::{self, AtomicU64 as Real};
use std::cell::Cell;

/// What a piece of code did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub fences: usize,
    /// Loads of the word.
    pub loads: usize,
    /// Compare-and-swaps of the word.
    pub swaps: usize,
    /// Loads of the threshold.
    pub threshold_loads: usize,
    /// Stores of the threshold.
    pub stores: usize,
}

std::thread_local!(static COUNTS: Cell<Counts> = Cell::default());

/// What `f` does.
pub(crate) fn counted<T>(f: impl FnOnce() -> T) -> (T, Counts) {
    COUNTS.set(Counts::default());
    let value = f();
    (value, COUNTS.get())
}

std::thread_local! {
    /// What another thread will set the threshold to, and what it has set it to.
    static NEXT_THRESHOLD: Cell<Option<u64>> = const { Cell::new(None) };
    static NEW_THRESHOLD: Cell<Option<u64>> = const { Cell::new(None) };
}

/// What `f` does if another thread sets the threshold just before the first compare-and-swap, which fails.
pub(crate) fn overtaken<T>(threshold: u64, f: impl FnOnce() -> T) -> T {
    NEXT_THRESHOLD.set(Some(threshold));
    let value = f();
    assert!(NEXT_THRESHOLD.take().is_none(), "it came to no compare-and-swap");
    NEW_THRESHOLD.set(None);
    value
}

fn count(change: impl FnOnce(&mut Counts)) {
    let mut counts = COUNTS.get();
    change(&mut counts);
    COUNTS.set(counts);
}

pub(crate) fn fence(order: Ordering) {
    count(|counts| counts.fences += 1);
    atomic::fence(order);
}

pub(crate) struct AtomicWord(Real);

impl AtomicWord {
    pub(crate) const fn new(value: u64) -> Self {
        Self(Real::new(value))
    }

    pub(crate) fn load(&self, order: Ordering) -> u64 {
        count(|counts| counts.loads += 1);
        self.0.load(order)
    }

    /// Strong, unless it is overtaken: a spurious failure would be counted.
    pub(crate) fn compare_exchange_weak(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        count(|counts| counts.swaps += 1);
        if let Some(threshold) = NEXT_THRESHOLD.take() {
            NEW_THRESHOLD.set(Some(threshold));
            return Err(self.0.load(failure));
        }
        self.0.compare_exchange(current, new, success, failure)
    }
}

/// The threshold.
pub(crate) struct AtomicU64(Real);

impl AtomicU64 {
    pub(crate) const fn new(value: u64) -> Self {
        Self(Real::new(value))
    }

    pub(crate) fn load(&self, order: Ordering) -> u64 {
        count(|counts| counts.threshold_loads += 1);
        NEW_THRESHOLD.get().unwrap_or_else(|| self.0.load(order))
    }

    pub(crate) fn store(&self, value: u64, order: Ordering) {
        count(|counts| counts.stores += 1);
        self.0.store(value, order);
    }
}

macro_rules! const_unless_loom {
    ($($function:tt)*) => { $($function)* };
}
pub(crate) use const_unless_loom;
