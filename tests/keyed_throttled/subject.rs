//! A throttle that reports its runs to a test, and whose clock the test moves.

use super::support::{SECOND, at};
use atomic_throttle::{Count, Ended, KeyedThrottled, KeyedThrottledBuilder, Manual, NotTaken, Pending};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, TryRecvError};

pub type Throttle = KeyedThrottled<String, Count>;
pub type Builder = KeyedThrottledBuilder<String>;

/// A throttle that sends each run to the test.
pub struct Subject {
    pub throttled: Throttle,
    pub clock: Arc<Manual>,
    /// The key, and the number of calls.
    pub runs: Receiver<(String, u64)>,
}

impl Subject {
    pub fn new() -> Self {
        Self::with(|builder| builder)
    }

    pub fn with(set_up: impl FnOnce(Builder) -> Builder) -> Self {
        Self::running(set_up, |_| ())
    }

    /// `inside` is called in each run, after the report.
    pub fn running(
        set_up: impl FnOnce(Builder) -> Builder,
        mut inside: impl FnMut(&str) + Send + 'static,
    ) -> Self {
        let clock = Arc::new(Manual::new(at(1)));
        let (sender, runs) = mpsc::channel();
        let builder =
            KeyedThrottled::builder(SECOND).clock(Arc::clone(&clock)).pending_on_drop(Pending::Discard);
        let f = move |key: &String, calls| {
            let _ = sender.send((key.clone(), calls));
            inside(key);
        };
        let throttled = set_up(builder).counting().spawn(f).expect("a thread");
        Self { throttled, clock, runs }
    }

    /// The leading run of a key, so that its window is closed.
    pub fn lead(&self, key: &str) {
        assert_eq!(self.throttled.trigger(key).map(drop), Ok(()));
        assert_eq!(self.throttled.all().wait(), Ok(()));
        self.assert_run(key, 1);
    }

    pub fn call(&self, key: &str) {
        assert_eq!(self.throttled.trigger(key).map(drop), Ok(()));
    }

    pub fn assert_run(&self, key: &str, calls: u64) {
        assert_eq!(self.runs.recv(), Ok((key.to_owned(), calls)));
    }

    pub fn assert_no_run(&self) {
        assert_eq!(self.runs.try_recv(), Err(TryRecvError::Empty));
    }
}

/// Why a call is refused after a shutdown.
pub const ENDED: NotTaken = NotTaken::Ended(Ended::ShutDown);
