//! A `Manual` clock that writes down the moments of its readings, for each thread its own.

use crate::{Clock, Manual, Moved, Timestamp};
use history_tests::record::Moments;
use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};

/// One reading, between two moments.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    pub before: u64,
    pub now: u64,
    pub after: u64,
}

/// More readings than any call needs. A call that has made them will wait for ever: its panic ends it.
const ENOUGH: usize = 1_000;

std::thread_local!(static READINGS: RefCell<Vec<Reading>> = const { RefCell::new(Vec::new()) });

pub struct RecordedClock<'h> {
    pub manual: Manual,
    moments: &'h Moments,
    /// How many threads have read the clock a second time in one call: they wait, or are about to.
    waiting: AtomicUsize,
}

impl<'h> RecordedClock<'h> {
    pub fn new(moments: &'h Moments) -> Self {
        Self { manual: Manual::new(Timestamp::from_nanos(1)), moments, waiting: AtomicUsize::new(0) }
    }

    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    /// This thread's readings since it asked for them last.
    pub fn take_readings(&self) -> Vec<Reading> {
        let readings = READINGS.take();
        if readings.len() > 1 {
            self.waiting.fetch_sub(1, Ordering::SeqCst);
        }
        readings
    }
}

impl Clock for RecordedClock<'_> {
    fn now(&self) -> Timestamp {
        let before = self.moments.next();
        let now = self.manual.now();
        let after = self.moments.next();
        READINGS.with_borrow_mut(|readings| {
            assert!(readings.len() < ENOUGH, "a call still waits, however often the clock is moved");
            readings.push(Reading { before, now: now.as_nanos(), after });
            if readings.len() == 2 {
                self.waiting.fetch_add(1, Ordering::SeqCst);
            }
        });
        now
    }

    fn moved(&self) -> Option<&Moved> {
        self.manual.moved()
    }
}
