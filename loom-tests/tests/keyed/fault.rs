//! The faults that can be planted. All threads of a model are coroutines of the thread that explores it, under
//! loom as under shuttle, and so share the fault that the test planted there.

use atomic_throttle::hook::{self, Hook, Kind, Number};
use std::rc::Rc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "each rung plants some of them")]
pub enum Fault {
    /// A key is evicted although a run of it is in progress.
    ForgetsRuns,
    /// A key is evicted although its window is not over.
    ForgetsWindows,
    /// Nothing is remembered of a key that is evicted.
    RemembersNothing,
    /// Keys are counted by a load and a later store.
    LoadThenStore,
}

/// Plants `fault` in all models that this thread explores from now on, or none.
pub fn plant(fault: Option<Fault>) {
    hook::plant(fault.map(|fault| Rc::new(fault) as Rc<dyn Hook>));
}

const RUNNING: u64 = 0b001;
/// All but the start of the latest run.
const FLAGS: u64 = 0b111;

impl Hook for Fault {
    fn judged(&self, word: u64) -> u64 {
        match self {
            Self::ForgetsRuns => word & !RUNNING,
            Self::ForgetsWindows => word & FLAGS,
            Self::RemembersNothing | Self::LoadThenStore => word,
        }
    }

    fn remembered(&self, word: u64) -> u64 {
        if *self == Self::RemembersNothing { 0 } else { word & !RUNNING }
    }

    fn swap(&self, number: Number<'_>, current: u64, new: u64) -> Result<u64, u64> {
        if *self == Self::LoadThenStore && number.kind() == Kind::U64 {
            number.store(new);
            return Ok(current);
        }
        number.swap(current, new)
    }
}
