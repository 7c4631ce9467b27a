//! The faults that can be planted. All threads of a model are coroutines of the thread that explores it, under
//! loom as under shuttle, and so share the fault that the test planted there.

use atomic_throttle::hook::{self, Hook, Kind, Number};
use std::cell::Cell;
use std::rc::Rc;

#[cfg(atomic_throttle_loom)]
use loom::thread_local;
#[cfg(atomic_throttle_shuttle)]
use shuttle::thread_local;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "each rung plants some of them")]
pub enum Fault {
    /// A call looks for the end before it locks, and not when it makes its run pending.
    LooksOnce,
    /// A fatal panic refuses calls only when the thread has ended.
    RefusesLate,
    /// A key is evicted although it is pending.
    ForgetsDeferrals,
    /// A call is counted by a load and a later store.
    LoadThenStore,
    /// A thread of the model leaves out notifications.
    LeavesOutNotifications,
}

/// Plants `fault` in all models that this thread explores from now on, or none.
pub fn plant(fault: Option<Fault>) {
    hook::plant(fault.map(|fault| Rc::new(fault) as Rc<dyn Hook>));
}

thread_local! {
    /// Whether this thread's call has looked.
    static HAS_LOOKED: Cell<bool> = Cell::new(false);
    /// Whether this thread of the model leaves out its next notification.
    static LEAVES_OUT: Cell<bool> = Cell::new(false);
}

/// This thread's next notification that another one waits for wakes nobody.
#[allow(dead_code, reason = "loom only")]
pub fn leave_out_notification() {
    LEAVES_OUT.with(|left| left.set(true));
}

impl Hook for Fault {
    fn takes(&self, takes: bool, is_failing: bool) -> bool {
        match self {
            Self::LooksOnce if HAS_LOOKED.with(|looked| looked.replace(false)) => true,
            Self::LooksOnce => {
                HAS_LOOKED.with(|looked| looked.set(takes));
                takes
            }
            Self::RefusesLate => takes || is_failing,
            _ => takes,
        }
    }

    fn judged(&self, word: u64) -> u64 {
        const DEFERRAL: u64 = 0b110;
        if *self == Self::ForgetsDeferrals { word & !DEFERRAL } else { word }
    }

    fn fetch_add(&self, number: Number<'_>, value: u64) -> u64 {
        if *self == Self::LoadThenStore && number.kind() == Kind::U64 {
            let before = number.load();
            number.store(before.wrapping_add(value));
            return before;
        }
        number.fetch_add(value)
    }

    fn notify(&self, listeners: usize) -> Option<usize> {
        (!LEAVES_OUT.with(|left| left.replace(false))).then_some(listeners)
    }
}
