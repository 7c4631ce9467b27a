//! [`Watched`]: a clock that counts the readings of the thread of a sequence.

use atomic_throttle::{Clock, Manual, Moved, Timestamp};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// The name of the thread of a sequence.
pub const THREAD: &str = "of a sequence";

/// `Manual`, and a count of the readings that the thread takes.
pub struct Watched {
    pub time: Manual,
    readings: AtomicUsize,
}

impl Watched {
    pub fn new(start: Timestamp) -> Self {
        Self { time: Manual::new(start), readings: AtomicUsize::new(0) }
    }

    pub fn readings(&self) -> usize {
        // Acquire: pairs with the count of a reading.
        self.readings.load(Ordering::Acquire)
    }
}

impl Clock for Watched {
    fn now(&self) -> Timestamp {
        let now = self.time.now();
        if thread::current().name() == Some(THREAD) {
            // Release: a thread that sees the reading counted knows that it was taken.
            self.readings.fetch_add(1, Ordering::Release);
        }
        now
    }

    fn moved(&self) -> Option<&Moved> {
        self.time.moved()
    }
}
