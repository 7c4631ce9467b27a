//! [`Subject`].

use crate::support::{SECOND, at};
use atomic_throttle::{Manual, Pending, Throttled, ThrottledBuilder, Ticket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::{self, Receiver};

/// A throttle that sends each run to the test.
pub struct Subject {
    pub throttled: Throttled,
    pub clock: Arc<Manual>,
    pub runs: Receiver<u64>,
    /// What the callers wrote.
    pub written: Arc<AtomicU64>,
}

impl Subject {
    pub fn new() -> Self {
        Self::with(|builder| builder)
    }

    pub fn with(set_up: impl FnOnce(ThrottledBuilder) -> ThrottledBuilder) -> Self {
        Self::running(set_up, |_| ())
    }

    /// `inside` is called in each run, after the report.
    pub fn running(
        set_up: impl FnOnce(ThrottledBuilder) -> ThrottledBuilder,
        mut inside: impl FnMut(u64) + Send + 'static,
    ) -> Self {
        let clock = Arc::new(Manual::new(at(1)));
        let written = Arc::new(AtomicU64::new(0));
        let (sender, runs) = mpsc::channel();
        let read = Arc::clone(&written);
        let builder =
            set_up(Throttled::builder(SECOND).clock(Arc::clone(&clock)).pending_on_drop(Pending::Discard));
        let f = move || {
            let seen = read.load(SeqCst);
            let _ = sender.send(seen);
            inside(seen);
        };
        let throttled = builder.spawn(f).expect("a thread");
        Self { throttled, clock, runs, written }
    }

    /// Writes a number, and triggers.
    pub fn call(&self, number: u64) -> Ticket<'_> {
        self.written.store(number, SeqCst);
        self.throttled.trigger().expect("it goes on")
    }

    /// The leading run, so that the window is closed.
    pub fn lead(&self) {
        self.call(1).wait().expect("it completes");
        assert_eq!(self.runs.recv(), Ok(1));
    }

    pub fn assert_no_run(&self) {
        assert!(self.runs.try_recv().is_err());
    }
}
