//! A `Manual` clock that writes down the moments of its readings, for each thread its own.

use crate::{Clock, Manual, Moved, Timestamp};
use histories::record::Moments;
use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::Mutex;
use std::thread::{self, ThreadId};
use std::time::Duration;

/// One reading, between two moments.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    pub before: u64,
    pub now: u64,
    pub after: u64,
}

/// More readings than any call needs. A call that has made as many would wait for ever, so it panics.
const ENOUGH: usize = 1_000;

std::thread_local!(static READINGS: RefCell<Vec<Reading>> = const { RefCell::new(Vec::new()) });

pub struct RecordedClock<'h> {
    pub manual: Manual,
    moments: &'h Moments,
    /// The threads that wait, or are about to: they have read the clock a second time in one call since it
    /// was last moved for them.
    waiting: Mutex<HashSet<ThreadId>>,
}

impl<'h> RecordedClock<'h> {
    pub fn new(moments: &'h Moments) -> Self {
        Self { manual: Manual::new(Timestamp::from_nanos(1)), moments, waiting: Mutex::default() }
    }

    /// Moves the clock if this many threads wait.
    ///
    /// A thread counts again once it has looked again. A thread that does not look may have started its run.
    /// If the clock moved on until that thread got a processor, the threads that wait for the end of its run
    /// would look again and again.
    pub fn advance_for(&self, waiting: usize, by: Duration) {
        let mut looked = self.waiting.lock().expect("nobody panics with it");
        if looked.len() >= waiting {
            looked.clear();
            drop(looked);
            self.manual.advance(by);
        }
    }

    /// This thread's readings since it last took them.
    pub fn take_readings(&self) -> Vec<Reading> {
        self.waiting.lock().expect("nobody panics with it").remove(&thread::current().id());
        READINGS.take()
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
            if readings.len() > 1 {
                self.waiting.lock().expect("nobody panics with it").insert(thread::current().id());
            }
        });
        now
    }

    fn moved(&self) -> Option<&Moved> {
        self.manual.moved()
    }
}
