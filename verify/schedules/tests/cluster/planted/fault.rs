//! The faults that can be planted. All threads of a schedule share the test's own thread of the system, and so
//! the fault that the test planted there.

use atomic_throttle_cluster::hook::{self, Hook, Told};
use std::cell::Cell;
use std::rc::Rc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Nothing,
    /// No waiting thread learns of a change.
    TellsNobody,
    /// Only one of the waiting threads learns of a change.
    TellsOne,
    /// A wake-up that comes before its thread parks is lost.
    WokenTooSoon,
    /// The register swaps, whatever stands there.
    SwapsBlindly,
    /// The register reports a swap as done, and does not do it.
    SaysDone,
}

thread_local!(static PLANTED: Cell<Fault> = const { Cell::new(Fault::Nothing) });

pub fn plant(fault: Fault) {
    PLANTED.set(fault);
    hook::plant(Some(Rc::new(Planted)));
}

pub fn planted() -> Fault {
    PLANTED.get()
}

struct Planted;

impl Hook for Planted {
    fn told(&self) -> Told {
        match planted() {
            Fault::TellsNobody => Told::Nobody,
            Fault::TellsOne => Told::One,
            _ => Told::All,
        }
    }

    fn is_woken_too_soon(&self) -> bool {
        planted() == Fault::WokenTooSoon
    }
}
