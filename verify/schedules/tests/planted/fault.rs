//! The faults that can be planted. All threads of a schedule share the test's own thread of the system, and so
//! the fault that the test planted there.

use atomic_throttle::State;
use atomic_throttle::hook::{self, Hook, Kind, Number};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::thread::panicking;

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

thread_local! {
    static PLANTED: Cell<Fault> = const { Cell::new(Fault::Nothing) };
    static WORD: Cell<u64> = const { Cell::new(0) };
    /// The run in progress still counts as pending ([`Fault::PendingTooLong`]).
    static TOO_LONG: Cell<bool> = const { Cell::new(false) };
    static LATEST: Cell<u32> = const { Cell::new(1) };
}

shuttle::thread_local! {
    /// What this thread saw of the word of the schedule before it locked.
    static LOOKED: Cell<Option<u64>> = Cell::new(None);
    /// Whether this thread finds no waiting thread when it next looks for some.
    static UNTOLD: Cell<bool> = Cell::new(false);
}

pub fn plant(fault: Fault) {
    PLANTED.set(fault);
    hook::plant(Some(Rc::new(Planted)));
}

fn planted() -> Fault {
    PLANTED.get()
}

/// A run is in progress.
const RUNNING: u64 = 0b001;
/// A deferral is pending.
const PENDING: u64 = 0b010;
/// A run is owed.
const OWED: u64 = 0b110;

struct Planted;

impl Hook for Planted {
    fn load(&self, number: Number<'_>) -> u64 {
        let looks = number.is_word() && number.ordering() == Ordering::Acquire;
        if let Some(looked) = if looks { LOOKED.with(Cell::take) } else { None } {
            return looked;
        }
        let found = number.load();
        let finds_nobody = number.kind() == Kind::U32 && UNTOLD.with(|cell| cell.replace(false));
        if finds_nobody { 0 } else { found }
    }

    fn fetch_add(&self, number: Number<'_>, value: u64) -> u64 {
        let is_left_out = number.kind() == Kind::U32 && planted() == Fault::Uncounted;
        number.fetch_add(if is_left_out { 0 } else { value })
    }

    fn swap(&self, number: Number<'_>, current: u64, new: u64) -> Result<u64, u64> {
        if !number.is_word() {
            return number.swap(current, new);
        }
        let (before, after) = (State::from_word(current), State::from_word(new));
        let starts = !before.is_running() && after.is_running();
        let finishes = before.is_running() && !after.is_running();
        let is_left = before.is_pending() && after.is_owed();
        let mut to = new;
        match planted() {
            Fault::LoadThenStore => return load_then_store(number, current, new),
            Fault::PanicLeavesRun if finishes && panicking() => return Ok(current),
            Fault::PanicLeavesDeferral if is_left && panicking() => return Ok(current),
            Fault::LeavesNothing if is_left => to &= !OWED,
            Fault::RunEndsFirst => to &= !RUNNING,
            Fault::PendingTooLong if starts && before.is_pending() => to |= PENDING,
            Fault::PendingTooLong if finishes && TOO_LONG.get() => to &= !PENDING,
            _ => {}
        }
        let moved = number.swap(current, to);
        if moved.is_ok() {
            if starts || finishes {
                TOO_LONG.set(to & RUNNING != 0 && to & PENDING != 0);
            }
            WORD.set(to);
            let untold = match planted() {
                Fault::UntoldRequest => !before.has_owner() && after.is_pending(),
                Fault::UntoldFinish => finishes,
                Fault::UntoldCancel => before.is_pending() && !after.is_pending() && after.has_owner(),
                Fault::UntoldOwed => is_left,
                Fault::UntoldTakeOver => starts && before.has_owner(),
                _ => false,
            };
            UNTOLD.with(|cell| cell.set(untold));
        }
        moved
    }

    fn lock(&self) {
        if planted() == Fault::LookBeforeLocking {
            LOOKED.with(|looked| looked.set(Some(WORD.get())));
        }
    }

    fn notify(&self, listeners: usize) -> Option<usize> {
        (planted() != Fault::NotifyNobody).then_some(listeners)
    }

    fn listens_late(&self) -> bool {
        planted() == Fault::LookBeforeListening
    }

    fn this_thread(&self, number: u32) -> u32 {
        match planted() {
            Fault::OneNumber => 1,
            Fault::NewNumbers => {
                LATEST.set(LATEST.get() + 1);
                LATEST.get()
            }
            _ => number,
        }
    }
}

fn load_then_store(word: Number<'_>, current: u64, new: u64) -> Result<u64, u64> {
    let found = word.load();
    if found != current {
        return Err(found);
    }
    word.store(new);
    Ok(found)
}
