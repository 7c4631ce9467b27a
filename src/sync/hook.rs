//! What a check changes in the library, or learns of it: at each access of an atomic, and at places with names. It
//! exists only in the builds of the checks: under loom, under shuttle, and with `--cfg atomic_throttle_hook`.
//!
//! A hook belongs to the thread of the system that plants it. All threads of a model share one.

#[cfg(not(feature = "std"))]
extern crate std;

use super::Ordering;
use super::base::AtomicU64;
#[cfg(atomic_throttle_loom)]
pub use super::explored;
pub use super::orders::Order;
use core::ptr;
use std::cell::RefCell;
use std::rc::Rc;

pub use super::orders::{
    ALL, ARRIVE, ARRIVE_BY, COALESCE, COUNT, FINISH, KEY_FINISH, KEY_LOOK, LOOK, NOTIFY, OWE, REGISTER,
    REQUEST, START, TELL, What,
};

/// A hook. By itself each method does what the library does.
pub trait Hook {
    /// The ordering of a named access, or of a named fence. `None` leaves the fence out; an access is Relaxed then.
    fn order(&self, order: &'static Order) -> Option<Ordering> {
        Some(order.ordering)
    }

    /// A load.
    fn load(&self, number: Number<'_>) -> u64 {
        number.load()
    }

    /// A store.
    fn store(&self, number: Number<'_>, value: u64) {
        number.store(value);
    }

    /// A compare-and-swap. It may fail without a cause.
    ///
    /// # Errors
    ///
    /// The number that is there, if it was not swapped.
    fn swap(&self, number: Number<'_>, current: u64, new: u64) -> Result<u64, u64> {
        number.swap(current, new)
    }

    /// A store that returns the number before.
    fn exchange(&self, number: Number<'_>, value: u64) -> u64 {
        number.exchange(value)
    }

    /// An addition, which wraps around, and returns the number before.
    fn fetch_add(&self, number: Number<'_>, value: u64) -> u64 {
        number.fetch_add(value)
    }

    /// A thread is about to lock.
    fn lock(&self) {}

    /// Whether the value of a call is put after its decision, and not in one step with it.
    fn puts_after_the_decision(&self) -> bool {
        false
    }

    /// Whether what a run is given is taken before its start, and not in one step with it.
    fn takes_before_the_start(&self) -> bool {
        false
    }

    /// Whether how a run has ended is recorded after its finish, and not before.
    fn settles_after_the_finish(&self) -> bool {
        false
    }

    /// Whether the next run for what is put back is requested after the lock, and not in one step with it.
    fn requests_after_the_lock(&self) -> bool {
        false
    }

    /// Whether a deferral of a key that waited for the end of a run goes back to its owner.
    fn hands_back(&self) -> bool {
        true
    }

    /// Whether a cancel is decided before its lock, under which only what holds the run is then cleared.
    fn cancels_before_the_lock(&self) -> bool {
        false
    }

    /// Whether what a run in a task was given comes back where the function drops it.
    fn brings_home(&self) -> bool {
        true
    }

    /// How many listeners are notified of `listeners`; `None` for nobody.
    fn notify(&self, listeners: usize) -> Option<usize> {
        Some(listeners)
    }

    /// A thread begins to listen. Whether it is listed only when it begins to wait.
    fn listens_late(&self) -> bool {
        false
    }

    /// A thread is about to wait.
    fn wait(&self) {}

    /// The number by which a thread knows itself.
    fn this_thread(&self, number: u32) -> u32 {
        number
    }

    /// The id of this process. Where it changes, this is a forked child.
    fn process_id(&self, id: u32) -> u32 {
        id
    }

    /// Whether a call decides on what it saw of a key when it does not have the lock of the key any more.
    fn decides_after_the_lock(&self) -> bool {
        false
    }

    /// Whether the end of a run of a key is written once more, without the lock under which it was written first.
    fn finishes_once_more(&self) -> bool {
        false
    }

    /// Whether a call on a key names its threshold only after it is decided.
    fn names_after_the_decision(&self) -> bool {
        false
    }

    /// Whether an eviction asks for how long keys are kept before it locks them.
    fn asks_before_the_lock(&self) -> bool {
        false
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

/// What a number is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It is the word of a gate, or of a key.
    Word,
    /// Any other number of 64 bits, the threshold among them.
    U64,
    /// It counts the threads that wait, or names a thread.
    U32,
}

/// A number that threads share, for one access. Each has 64 bits here.
#[derive(Clone, Copy, Debug)]
pub struct Number<'n> {
    pub(super) atomic: &'n AtomicU64,
    pub(super) kind: Kind,
    pub(super) success: Ordering,
    pub(super) failure: Ordering,
}

impl Number<'_> {
    /// What it is for.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.kind
    }

    /// Whether it is the word of a gate, or of a key.
    #[must_use]
    pub fn is_word(self) -> bool {
        self.kind == Kind::Word
    }

    /// Which number it is.
    #[must_use]
    pub fn address(self) -> usize {
        ptr::from_ref(self.atomic).addr()
    }

    /// The ordering of the access. That of a compare-and-swap that fails is [`on_failure`](Self::on_failure).
    #[must_use]
    pub fn ordering(self) -> Ordering {
        self.success
    }

    /// The ordering of a compare-and-swap that fails.
    #[must_use]
    pub fn on_failure(self) -> Ordering {
        self.failure
    }

    /// Loads it, as the library does.
    #[must_use]
    pub fn load(self) -> u64 {
        self.atomic.load(self.failure)
    }

    /// Stores it, as the library does.
    pub fn store(self, value: u64) {
        self.atomic.store(value, self.success);
    }

    /// Compares and swaps it, as the library does.
    ///
    /// # Errors
    ///
    /// The number that is there, if it was not swapped.
    pub fn swap(self, current: u64, new: u64) -> Result<u64, u64> {
        self.atomic.compare_exchange_weak(current, new, self.success, self.failure)
    }

    /// Exchanges it, as the library does.
    #[must_use]
    pub fn exchange(self, value: u64) -> u64 {
        self.atomic.swap(value, self.success)
    }

    /// Adds to it, as the library does.
    #[must_use]
    pub fn fetch_add(self, value: u64) -> u64 {
        self.atomic.fetch_add(value, self.success)
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
