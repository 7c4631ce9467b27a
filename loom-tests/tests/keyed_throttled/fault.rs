//! The faults that can be planted. All threads of a model are coroutines of the thread that explores it, under
//! loom as under shuttle, and so share the fault that the test planted there.

use std::cell::Cell;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "each rung plants some of them")]
pub enum Fault {
    Nothing,
    /// A call looks for the end before it locks, and not when it makes its run pending.
    LooksOnce,
    /// A fatal panic refuses calls only when the thread has ended.
    RefusesLate,
    /// A key is evicted although it is pending.
    ForgetsDeferrals,
    /// A call is counted by a load and a later store.
    LoadThenStore,
}

thread_local!(static PLANTED: Cell<Fault> = const { Cell::new(Fault::Nothing) });

pub fn plant(fault: Fault) {
    PLANTED.set(fault);
}

pub fn is_planted(fault: Fault) -> bool {
    PLANTED.get() == fault
}
