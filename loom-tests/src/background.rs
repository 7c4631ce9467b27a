//! The subject of the models of [`Throttled`]: a throttle whose runs say which calls they have seen.

use crate::{LEADING, Tally};
use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{Ended, Manual, Pending, Shutdown, Throttled, ThrottledBuilder, Ticket};
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::Arc;
use std::time::Duration;

/// How many calls a model makes at most.
const CALLS: usize = 2;

/// What the calls wrote, and what the runs read of it. All accesses are relaxed.
struct Words {
    written: [AtomicUsize; CALLS],
    /// One bit for each call that a run has seen. Only runs write it, so the word orders that.
    seen: AtomicUsize,
}

/// A handle of the throttle of a model, its clock, and its words.
#[derive(Clone)]
pub struct Background {
    /// The handle.
    pub throttled: Throttled,
    /// Its clock, which reads [`LEADING`] at first.
    pub clock: Arc<Manual>,
    words: Arc<Words>,
}

impl Background {
    /// A throttle that reads the words in each run.
    ///
    /// # Panics
    ///
    /// Never: loom can always start a thread.
    #[must_use]
    pub fn new(threshold: Duration) -> Self {
        Self::running(threshold, |builder| builder, || ())
    }

    /// Does what [`new`](Self::new) does, with more settings, and with `inside` called at the end of each run.
    ///
    /// # Panics
    ///
    /// As [`new`](Self::new).
    #[must_use]
    pub fn running(
        threshold: Duration,
        set_up: impl FnOnce(ThrottledBuilder) -> ThrottledBuilder,
        mut inside: impl FnMut() + Send + 'static,
    ) -> Self {
        let clock = Arc::new(Manual::new(LEADING));
        let written = [AtomicUsize::new(0), AtomicUsize::new(0)];
        let words = Arc::new(Words { written, seen: AtomicUsize::new(0) });
        let read = Arc::clone(&words);
        let f = move || {
            read.read();
            inside();
        };
        let builder = set_up(Throttled::builder(threshold).clock(Arc::clone(&clock)));
        Self { throttled: builder.spawn(f).expect("a thread"), clock, words }
    }

    /// Leaves the word of a call, and calls.
    ///
    /// # Errors
    ///
    /// If the call is refused.
    pub fn call(&self, number: usize) -> Result<Ticket<'_>, Ended> {
        self.words.written[number].store(1, Relaxed);
        self.throttled.trigger()
    }

    /// Does what [`call`](Self::call) does, while no thread ends the throttle.
    ///
    /// # Panics
    ///
    /// If the call is refused.
    #[must_use]
    pub fn call_taken(&self, number: usize) -> Ticket<'_> {
        self.call(number).expect("it goes on")
    }

    /// Whether this thread sees that a run has seen the call.
    #[must_use]
    pub fn is_covered(&self, number: usize) -> bool {
        self.words.seen.load(Relaxed) & 1 << number != 0
    }

    /// Ends the throttle, at once if that is possible, and asserts that nothing is left.
    ///
    /// # Panics
    ///
    /// If something is left, or the throttle ended by a panic.
    pub fn end(&self) {
        let shutdown = self.throttled.shutdown(Pending::Discard).wait().expect("outside of the run");
        let seen = self.throttled.snapshot();
        assert!(!seen.running && seen.deferral == DeferralStatus::None, "wedged: {seen:?}");
        assert_ne!(shutdown, Shutdown::Panicked);
    }
}

impl Words {
    fn read(&self) {
        let seen = self.written.iter().enumerate().map(|(number, word)| word.load(Relaxed) << number);
        let seen = seen.sum::<usize>() | self.seen.load(Relaxed);
        self.seen.store(seen, Relaxed);
    }
}

/// Counts when it is dropped: a function that holds it shows that its thread has come to the end.
pub struct CountsOnDrop(pub Tally);

impl Drop for CountsOnDrop {
    fn drop(&mut self) {
        self.0.count();
    }
}
