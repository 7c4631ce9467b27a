//! The thread of a sequence, as the driver sees it: which runs begin, and when it rests.
//!
//! The thread asks its clock what to wait for before each look, and again before it sleeps. So after three
//! more such questions a look is over that had not begun before them; no timing decides whether it rests.

use crate::patience::until;
use atomic_throttle::{Clock, Count, KeyedThrottled, Manual, Moved, Pending, Timestamp};
use std::cell::Cell;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

const THREAD: &str = "of a sequence";

/// `Manual`, with a count of how often the thread asked what to wait for.
pub struct Watched {
    pub time: Manual,
    asked: AtomicUsize,
}

impl Clock for Watched {
    fn now(&self) -> Timestamp {
        self.time.now()
    }

    fn moved(&self) -> Option<&Moved> {
        if thread::current().name() == Some(THREAD) {
            // Release: a thread that sees the question counted sees what this thread did before.
            self.asked.fetch_add(1, Ordering::Release);
        }
        self.time.moved()
    }
}

pub struct Thread {
    pub clock: Arc<Watched>,
    begun: Receiver<(u8, u64)>,
    /// Ends the run in progress, by a panic or not.
    pub go: Sender<bool>,
    arrived: Cell<Option<(u8, u64)>>,
}

impl Thread {
    /// A throttle of one shard, each run of which waits until it is told to end.
    pub fn start(threshold: u64) -> (KeyedThrottled<u8, Count>, Self) {
        let clock = Arc::new(Watched { time: Manual::new(Timestamp::ZERO), asked: AtomicUsize::new(0) });
        let (begins, begun) = mpsc::channel();
        let (go, gone) = mpsc::channel();
        let throttled = KeyedThrottled::<u8>::builder(Duration::from_nanos(threshold))
            .name(THREAD)
            .clock(Arc::clone(&clock))
            .shards(1)
            .pending_on_drop(Pending::Discard)
            .counting()
            .spawn(move |key, calls| {
                let _ = begins.send((*key, calls));
                if gone.recv() == Ok(true) {
                    resume_unwind(Box::new("on purpose"));
                }
            })
            .expect("a thread");
        (throttled, Self { clock, begun, go, arrived: Cell::new(None) })
    }

    fn has_begun(&self) -> bool {
        if self.arrived.get().is_none() {
            self.arrived.set(self.begun.try_recv().ok());
        }
        self.arrived.get().is_some()
    }

    /// Waits until the thread, which is in no run, has begun one, or has looked and found none to begin.
    pub fn rests(&self) -> Option<(u8, u64)> {
        for _ in 0..3 {
            // Acquire: pairs with the count of a question.
            let known = self.clock.asked.load(Ordering::Acquire);
            until(|| {
                // Again and again: it hears of nothing between its question and its listening.
                self.clock.time.advance(Duration::ZERO);
                self.has_begun() || self.clock.asked.load(Ordering::Acquire) > known
            });
            if self.has_begun() {
                break;
            }
        }
        self.arrived.take()
    }

    /// From now on each run ends by itself, even one that should not have begun.
    pub fn lets_all_end(&mut self) {
        self.go = mpsc::channel().0;
    }

    /// Whether a run began since.
    pub fn begins_another(&self) -> bool {
        self.has_begun()
    }

    /// The run that begins next, `None` when the thread has ended.
    pub fn next(&self) -> Option<(u8, u64)> {
        self.arrived.take().or_else(|| self.begun.recv().ok())
    }
}
