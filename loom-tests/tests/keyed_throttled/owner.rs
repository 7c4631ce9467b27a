//! `owner` of the library, with faults in who is refused. Loom and shuttle use it.

#[path = "../../../src/front/owner/mod.rs"]
#[allow(dead_code, reason = "its `Stage` is replaced")]
mod shipped;

pub(crate) use shipped::{AnyClock, PanicPolicy, discard, keeper, on_drop};
pub use shipped::{Ended, Panic, Pending, Shutdown};

use crate::fault::{Fault, is_planted};
use std::cell::Cell;

#[cfg(atomic_throttle_loom)]
use loom::thread_local;
#[cfg(atomic_throttle_shuttle)]
use shuttle::thread_local;

/// The library's `Stage`, with another `check`, and without the stage that this front end does not reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Going,
    Ending(Pending),
    Failing,
    Ended(Shutdown),
}

thread_local! {
    /// Whether this thread's call has looked.
    static HAS_LOOKED: Cell<bool> = Cell::new(false);
}

impl Stage {
    fn shipped(self) -> shipped::Stage {
        match self {
            Self::Going => shipped::Stage::Going,
            Self::Ending(pending) => shipped::Stage::Ending(pending),
            Self::Failing => shipped::Stage::Failing,
            Self::Ended(shutdown) => shipped::Stage::Ended(shutdown),
        }
    }

    pub(crate) fn check(self) -> Result<(), Ended> {
        if is_planted(Fault::LooksOnce) && HAS_LOOKED.with(|looked| looked.replace(false)) {
            return Ok(());
        }
        if is_planted(Fault::RefusesLate) && self == Self::Failing {
            return Ok(());
        }
        self.shipped().check()?;
        HAS_LOOKED.with(|looked| looked.set(true));
        Ok(())
    }

    pub(crate) fn end(&mut self, pending: Pending) {
        let mut stage = self.shipped();
        stage.end(pending);
        if let shipped::Stage::Ending(pending) = stage {
            *self = Self::Ending(pending);
        }
    }

    pub(crate) fn asked(self) -> Option<Pending> {
        self.shipped().asked()
    }

    pub(crate) fn ended(self) -> Option<Shutdown> {
        self.shipped().ended()
    }
}
