//! What a check changes in the library, or learns of it, at places with names. It exists only in the builds of the
//! checks: under loom and shuttle.
//!
//! A hook belongs to the thread of the system that plants it. All threads of a model share one.

#[cfg(not(feature = "std"))]
extern crate std;

use super::Ordering;
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
    fn load(&self, load: &dyn Fn() -> u64, ordering: Ordering) -> u64 {
        let _ = ordering;
        load()
    }

    /// A compare-and-swap of the word, from `current` to `new`.
    fn swap(&self, swap: &Swap<'_>, current: u64, new: u64) -> Result<u64, u64> {
        swap(current, new)
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
}

/// The compare-and-swap of the word as the library does it.
pub type Swap<'s> = dyn Fn(u64, u64) -> Result<u64, u64> + 's;

std::thread_local!(static HOOK: RefCell<Option<Rc<dyn Hook>>> = const { RefCell::new(None) });

/// From now on the library asks `hook`, on this thread of the system; `None`: it asks nobody.
pub fn plant(hook: Option<Rc<dyn Hook>>) {
    HOOK.set(hook);
}

/// Asks the hook. Not while it is borrowed: a model may go on with another thread meanwhile.
pub(super) fn ask<T>(question: impl FnOnce(&dyn Hook) -> T) -> Option<T> {
    let hook = HOOK.with_borrow(Option::clone);
    hook.map(|hook| question(&*hook))
}
