//! What a check changes in the library, or learns of it, at places with names. It exists only in the builds of the
//! checks: under loom, under shuttle, and with `--cfg atomic_throttle_hook`.
//!
//! A hook belongs to the thread of the system that plants it. All threads of a model share one.

#[cfg(not(feature = "std"))]
extern crate std;

use super::Ordering;
use super::base::AtomicWord;
#[cfg(atomic_throttle_loom)]
pub use super::explored;
pub use super::orders::Order;
use std::cell::RefCell;
use std::rc::Rc;

pub use super::orders::{
    ALL, ARRIVE, ARRIVE_BY, COALESCE, FINISH, LOOK, NOTIFY, OWE, REGISTER, REQUEST, START, What,
};

/// A hook. By itself each method does what the library does.
pub trait Hook {
    /// The ordering of a named access, or of a named fence. `None` leaves the fence out; an access is Relaxed then.
    fn order(&self, order: &'static Order) -> Option<Ordering> {
        Some(order.ordering)
    }

    /// A load of the word.
    fn load(&self, word: Word<'_>) -> u64 {
        word.load()
    }

    /// A compare-and-swap of the word.
    ///
    /// # Errors
    ///
    /// The word that is there, if it is another than `current`.
    fn swap(&self, word: Word<'_>, current: u64, new: u64) -> Result<u64, u64> {
        word.swap(current, new)
    }

    /// A load of another number, the threshold among them, which has found `found`.
    fn loaded(&self, found: u64) -> u64 {
        found
    }

    /// A store of another number.
    fn stores(&self) {}

    /// Whether a number is changed by a load and a later store, and not in one step.
    fn changes_in_two_steps(&self, how: Change) -> bool {
        let _ = how;
        false
    }

    /// How many threads wait, where there are `found`.
    fn waiters(&self, found: u32) -> u32 {
        found
    }

    /// Whether a thread that waits counts itself.
    fn counts_itself(&self) -> bool {
        true
    }

    /// A thread is about to lock.
    fn lock(&self) {}

    /// How many listeners are notified of `listeners`; `None` for nobody.
    fn notify(&self, listeners: usize) -> Option<usize> {
        Some(listeners)
    }

    /// Whether a listener is listed only when it begins to wait.
    fn listens_late(&self) -> bool {
        false
    }

    /// The number by which a thread knows itself.
    fn this_thread(&self, number: u32) -> u32 {
        number
    }

    /// The word of a key that is looked at, to decide whether the key may be evicted.
    fn judged(&self, word: u64) -> u64 {
        word
    }

    /// The word that is remembered of evicted keys.
    fn remembered(&self, word: u64) -> u64 {
        word
    }

    /// Whether a front end with an owner takes a call that it would refuse. `is_failing`: a panic has ended it.
    fn takes(&self, takes: bool, is_failing: bool) -> bool {
        let _ = is_failing;
        takes
    }
}

/// How a number is changed by a read-modify-write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Something is added.
    Add,
    /// A function decides what comes next.
    Update,
}

/// The word of a gate, for one access.
#[derive(Clone, Copy, Debug)]
pub struct Word<'w> {
    pub(super) atomic: &'w AtomicWord,
    pub(super) success: Ordering,
    pub(super) failure: Ordering,
}

impl Word<'_> {
    /// The ordering of a load, and of a compare-and-swap that fails.
    #[must_use]
    pub fn ordering(self) -> Ordering {
        self.failure
    }

    /// Loads it, as the library does.
    #[must_use]
    pub fn load(self) -> u64 {
        self.atomic.load(self.failure)
    }

    /// Compares and swaps it, as the library does.
    ///
    /// # Errors
    ///
    /// The word that is there, if it is another than `current`.
    pub fn swap(self, current: u64, new: u64) -> Result<u64, u64> {
        self.atomic.compare_exchange_weak(current, new, self.success, self.failure)
    }

    /// Stores it, as the library never does.
    pub fn store(self, value: u64) {
        self.atomic.store(value, self.success);
    }
}

std::thread_local!(static HOOK: RefCell<Option<Rc<dyn Hook>>> = const { RefCell::new(None) });

/// From now on the library asks `hook`, on this thread of the system; `None`: it asks nobody.
pub fn plant(hook: Option<Rc<dyn Hook>>) {
    HOOK.set(hook);
}

/// Whether the library asks a hook, on this thread of the system.
#[must_use]
pub fn is_planted() -> bool {
    HOOK.with_borrow(Option::is_some)
}

/// Asks the hook. Not while it is borrowed: a model may go on with another thread meanwhile.
pub(super) fn ask<T>(question: impl FnOnce(&dyn Hook) -> T) -> Option<T> {
    let hook = HOOK.with_borrow(Option::clone);
    hook.map(|hook| question(&*hook))
}
