//! The faults that can be planted. All threads of a schedule share the test's own thread of the system, and so
//! the fault that the test planted there.

use std::cell::Cell;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Nothing,
    /// A notification wakes nobody.
    NotifyNobody,
    /// The end of a run notifies nobody.
    UntoldFinish,
    /// A call that makes a run pending notifies nobody.
    UntoldRequest,
    /// A cancel notifies nobody.
    UntoldCancel,
    /// An owner that leaves notifies nobody.
    UntoldOwed,
    /// A run that starts in place of a deferral notifies nobody.
    UntoldTakeOver,
    /// A waiter is listed after it looked, and not before.
    LookBeforeListening,
    /// A thread that holds a lock uses the word as it was before it locked.
    LookBeforeLocking,
    /// A waiter does not count itself.
    Uncounted,
    /// A load and a store take the place of the compare-and-swap.
    LoadThenStore,
    /// The word says that the run has ended before its function is called.
    RunEndsFirst,
    /// A deferral counts as pending until its function has returned, and not only until it is called.
    PendingTooLong,
    /// An owner that leaves gives up the run, so that it is not owed.
    LeavesNothing,
    /// A run whose function panics does not finish.
    PanicLeavesRun,
    /// An owner that panics leaves its deferral pending.
    PanicLeavesDeferral,
    /// A thread does not recognize itself.
    NewNumbers,
    /// Each thread takes every other one for itself.
    OneNumber,
}

thread_local!(static PLANTED: Cell<Fault> = const { Cell::new(Fault::Nothing) });

pub fn plant(fault: Fault) {
    PLANTED.set(fault);
}

pub fn planted() -> Fault {
    PLANTED.get()
}
