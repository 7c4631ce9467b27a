//! The rest after a run.

use crate::support::{SECOND, at, until};
use atomic_throttle::{Clock, Manual, Moved, Pending, Shutdown, Throttled, Timestamp, WaitError};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// `Manual`, with a count of the thread's readings.
struct Watched {
    time: Manual,
    readings: AtomicU64,
}

impl Watched {
    /// Waits until the thread has looked once more than it may already have begun to.
    fn seen_again(&self) {
        for _ in 0..2 {
            let known = self.readings.load(SeqCst);
            self.time.advance(Duration::ZERO);
            until(|| self.readings.load(SeqCst) > known);
        }
    }
}

impl Clock for Watched {
    fn now(&self) -> Timestamp {
        if thread::current().name() == Some("resting") {
            self.readings.fetch_add(1, SeqCst);
        }
        self.time.now()
    }

    fn moved(&self) -> Option<&Moved> {
        self.time.moved()
    }
}

#[test]
fn a_rest_counts_from_the_end_of_a_run() {
    let clock = Arc::new(Watched { time: Manual::new(at(1)), readings: AtomicU64::new(0) });
    let slow = Arc::clone(&clock);
    let (sender, starts) = mpsc::channel();
    let throttled = Throttled::builder(SECOND)
        .name("resting")
        .clock(Arc::clone(&clock))
        .rest(SECOND * 3)
        .pending_on_drop(Pending::Discard)
        .spawn(move || {
            let _ = sender.send(slow.time.now());
            slow.time.advance(SECOND * 10);
        })
        .expect("a thread");
    throttled.trigger().expect("it goes on").wait().expect("it completes");
    let next = throttled.trigger().expect("it goes on");
    for second in [11, 13] {
        clock.time.set(at(second));
        clock.seen_again();
        assert_eq!(next.wait_for(Duration::ZERO), Err(WaitError::TimedOut));
    }
    clock.time.set(at(14));
    assert_eq!(next.wait(), Ok(()));
    // A flush ignores the rest.
    let flushed = throttled.trigger().expect("it goes on");
    assert_eq!(throttled.flush().map(drop), Ok(()));
    assert_eq!(flushed.wait(), Ok(()));
    assert_eq!(starts.try_iter().collect::<Vec<_>>(), [at(1), at(14), at(24)]);
}

#[test]
fn an_end_that_discards_does_not_wait_for_the_rest() {
    let builder = Throttled::builder(SECOND).clock(Arc::new(Manual::new(at(1)))).rest(SECOND * 3);
    let throttled = builder.pending_on_drop(Pending::Discard).spawn(|| ()).expect("a thread");
    throttled.trigger().expect("it goes on").wait().expect("it completes");
    let pending = throttled.trigger().expect("it goes on");
    // Nobody moves the clock: the rest is never over.
    assert_eq!(throttled.shutdown(Pending::Discard).wait(), Ok(Shutdown::Discarded));
    assert_eq!(pending.wait(), Err(WaitError::Cancelled));
}
