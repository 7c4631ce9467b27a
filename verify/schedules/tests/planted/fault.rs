//! What can be planted. All threads of a schedule share the test's own thread of the system, and so the
//! fault that the test planted there.

use std::cell::Cell;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Nothing,
    /// A notification wakes nobody.
    NotifyNobody,
    /// Nobody is notified of the end of a run.
    UntoldFinish,
    /// Nobody is notified of a call that makes a run pending.
    UntoldRequest,
    /// Nobody is notified of a cancel.
    UntoldCancel,
    /// Nobody is notified when an owner leaves.
    UntoldOwed,
    /// Nobody is notified when a run starts in place of a deferral.
    UntoldTakeOver,
    /// A waiter is listed after it looked, not before.
    LookBeforeListening,
    /// Whoever holds a lock goes by the word as it was before.
    LookBeforeLocking,
    /// A waiter does not count itself.
    Uncounted,
    /// A load and a store in place of the compare-and-swap.
    LoadThenStore,
    /// The word says that the run has ended before its function is called.
    RunEndsFirst,
    /// A deferral is shown as pending until its function has returned, not until it is called.
    PendingTooLong,
    /// An owner that leaves gives up the run, so that it is not owed.
    LeavesNothing,
    /// A run whose function panics does not finish.
    PanicLeavesRun,
    /// An owner that panics leaves its deferral pending.
    PanicLeavesDeferral,
    /// A thread does not recognize itself.
    NewNumbers,
    /// Each thread takes every other for itself.
    OneNumber,
}

thread_local!(static PLANTED: Cell<Fault> = const { Cell::new(Fault::Nothing) });

pub fn plant(fault: Fault) {
    PLANTED.set(fault);
}

pub fn planted() -> Fault {
    PLANTED.get()
}
