//! A clock that is moved by hand, can be moved without waking waiting threads, and reports how often an owner
//! has looked at it.

use atomic_throttle::{Clock, Manual, Moved, Timestamp};
use reference::MAX;
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

#[derive(Clone, Copy, Debug)]
pub enum Move {
    Advance { by: u64 },
    GoBack { by: u64 },
    Jump { to: u64 },
}

impl Move {
    /// The reading after this move, if the clock read `now` before.
    pub fn after(self, now: u64) -> u64 {
        match self {
            Self::Advance { by } => now.saturating_add(by).min(MAX),
            Self::GoBack { by } => now.saturating_sub(by),
            Self::Jump { to } => to.min(MAX),
        }
    }

    /// Moves the time.
    pub fn shift(self, time: &Manual) {
        match self {
            Self::Advance { by } => _ = time.advance(Duration::from_nanos(by)),
            Self::GoBack { by } => _ = time.go_back(Duration::from_nanos(by)),
            Self::Jump { to } => time.set(Timestamp::from_nanos(to)),
        }
    }
}

pub struct ByHand {
    time: Manual,
    /// An event of its own, so that the time can be moved without a notification.
    moved: Moved,
}

thread_local! {
    /// Where this thread counts its looks at the clock.
    static LOOKS: RefCell<Option<Arc<AtomicUsize>>> = const { RefCell::new(None) };
}

/// From now on counts the looks of this thread, or stops counting.
pub fn count_looks(looks: Option<Arc<AtomicUsize>>) {
    LOOKS.set(looks);
}

impl ByHand {
    pub fn at_zero() -> Self {
        Self { time: Manual::new(Timestamp::ZERO), moved: Moved::new() }
    }

    /// Moves the time. No thread hears of it before [`notify`](Self::notify).
    pub fn shift(&self, movement: Move) {
        movement.shift(&self.time);
    }

    pub fn notify(&self) {
        self.moved.notify();
    }
}

impl Clock for ByHand {
    fn now(&self) -> Timestamp {
        let now = self.time.now();
        LOOKS.with_borrow(|looks| {
            if let Some(looks) = looks {
                // Release: a thread that sees the look counted knows that the reading was taken.
                looks.fetch_add(1, Ordering::Release);
            }
        });
        now
    }

    fn moved(&self) -> Option<&Moved> {
        Some(&self.moved)
    }
}
