//! The atomic word, with faults in how it is moved.

use super::Ordering;
use super::count::leave_untold;
use super::shipped;
use crate::fault::{Fault, planted};
use crate::state::State;
use std::cell::Cell;
use std::sync::atomic::AtomicBool;
use std::thread::panicking;

/// A run is in progress.
const RUNNING: u64 = 0b001;
/// A deferral is pending.
const PENDING: u64 = 0b010;
/// A run is owed.
const OWED: u64 = 0b110;

thread_local!(static WORD: Cell<u64> = const { Cell::new(0) });
// What this thread saw of the word of the schedule before it locked.
shuttle::thread_local!(static LOOKED: Cell<Option<u64>> = Cell::new(None));

pub(super) fn look() {
    LOOKED.with(|looked| looked.set(Some(WORD.get())));
}

pub(crate) struct AtomicWord {
    word: shipped::AtomicWord,
    /// The run in progress still counts as pending ([`Fault::PendingTooLong`]).
    too_long: AtomicBool,
}

impl AtomicWord {
    pub(crate) const fn new(value: u64) -> Self {
        Self { word: shipped::AtomicWord::new(value), too_long: AtomicBool::new(false) }
    }

    pub(crate) fn load(&self, order: Ordering) -> u64 {
        let looked = if order == Ordering::Acquire { LOOKED.with(Cell::take) } else { None };
        looked.unwrap_or_else(|| self.word.load(order))
    }

    pub(crate) fn compare_exchange_weak(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        let (before, after) = (State::from_word(current), State::from_word(new));
        let starts = !before.is_running() && after.is_running();
        let finishes = before.is_running() && !after.is_running();
        let is_left = before.is_pending() && after.is_owed();
        let mut to = new;
        match planted() {
            Fault::LoadThenStore => return self.load_then_store(current, new),
            Fault::PanicLeavesRun if finishes && panicking() => return Ok(current),
            Fault::PanicLeavesDeferral if is_left && panicking() => return Ok(current),
            Fault::LeavesNothing if is_left => to &= !OWED,
            Fault::RunEndsFirst => to &= !RUNNING,
            Fault::PendingTooLong if starts && before.is_pending() => to |= PENDING,
            Fault::PendingTooLong if finishes && self.too_long.load(Ordering::SeqCst) => to &= !PENDING,
            _ => {}
        }
        let moved = self.word.compare_exchange_weak(current, to, success, failure);
        if moved.is_ok() {
            if starts || finishes {
                self.too_long.store(to & RUNNING != 0 && to & PENDING != 0, Ordering::SeqCst);
            }
            WORD.set(to);
            leave_untold(match planted() {
                Fault::UntoldRequest => !before.has_owner() && after.is_pending(),
                Fault::UntoldFinish => finishes,
                Fault::UntoldCancel => before.is_pending() && !after.is_pending() && after.has_owner(),
                Fault::UntoldOwed => is_left,
                Fault::UntoldTakeOver => starts && before.has_owner(),
                _ => false,
            });
        }
        moved
    }

    fn load_then_store(&self, current: u64, new: u64) -> Result<u64, u64> {
        let found = self.word.load(Ordering::SeqCst);
        if found != current {
            return Err(found);
        }
        self.word.store(new, Ordering::SeqCst);
        Ok(found)
    }
}
