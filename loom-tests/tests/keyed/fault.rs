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
    /// The state of a key is moved by a load and a later store.
    DecidesInTwoSteps,
    /// A call decides on what it saw of a key when it does not have the lock any more.
    LetsGo,
    /// The end of a run does not reach the word of its key.
    LosesTheEnd,
    /// The end of a run is stored twice.
    EndsTwice,
    /// The end of a run is written once more when other calls have had the lock.
    EndsOnceMore,
    /// A call names its threshold only after it is decided.
    NamesLate,
    /// An eviction asks for how long keys are kept before it locks them.
    AsksEarly,
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
            _ => word,
        }
    }

    fn remembered(&self, word: u64) -> u64 {
        if *self == Self::RemembersNothing { 0 } else { word & !RUNNING }
    }

    fn swap(&self, number: Number<'_>, current: u64, new: u64) -> Result<u64, u64> {
        let is_planted = match number.kind() {
            Kind::U64 => *self == Self::LoadThenStore,
            Kind::Word => *self == Self::DecidesInTwoSteps,
            Kind::U32 => false,
        };
        if is_planted {
            number.store(new);
            return Ok(current);
        }
        number.swap(current, new)
    }

    fn store(&self, number: Number<'_>, value: u64) {
        if *self == Self::LosesTheEnd && number.is_word() {
            return;
        }
        number.store(value);
        if *self == Self::EndsTwice && number.is_word() {
            number.store(value);
        }
    }

    fn decides_after_the_lock(&self) -> bool {
        *self == Self::LetsGo
    }

    fn finishes_once_more(&self) -> bool {
        *self == Self::EndsOnceMore
    }

    fn names_after_the_decision(&self) -> bool {
        *self == Self::NamesLate
    }

    fn asks_before_the_lock(&self) -> bool {
        *self == Self::AsksEarly
    }
}
