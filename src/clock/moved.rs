//! How a clock that is moved by hand wakes those who wait on it.

use crate::sync::{Event, const_unless_loom};
use core::fmt;

/// Wakes all who wait on a throttle whose clock is moved by hand.
///
/// ```
/// use atomic_throttle::{Clock, Moved, Timestamp};
/// use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
///
/// /// The clock of a simulation.
/// struct Simulated {
///     nanos: AtomicU64,
///     moved: Moved,
/// }
///
/// impl Simulated {
///     fn set(&self, nanos: u64) {
///         self.nanos.store(nanos, Relaxed);
///         self.moved.notify();
///     }
/// }
///
/// impl Clock for Simulated {
///     fn now(&self) -> Timestamp {
///         Timestamp::from_nanos(self.nanos.load(Relaxed))
///     }
///
///     fn moved(&self) -> Option<&Moved> {
///         Some(&self.moved)
///     }
/// }
/// ```
///
/// A simulated clock of your own holds one, returns it from [`Clock::moved`](super::Clock::moved), and
/// calls [`notify`](Self::notify) after each move. [`Manual`](super::Manual) does that already.
pub struct Moved {
    event: Event,
}

impl Moved {
    const_unless_loom! {
        /// Nobody waits on it yet.
        #[must_use]
        pub const fn new() -> Self {
            Self { event: Event::new() }
        }
    }

    /// Wakes all who wait, so that they read the clock again.
    pub fn notify(&self) {
        self.event.notify(usize::MAX);
    }

    pub(crate) fn event(&self) -> &Event {
        &self.event
    }
}

impl Default for Moved {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Moved")
    }
}
