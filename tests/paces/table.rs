//! A timetable: calls at given milliseconds, and the runs that a throttle driven by hand makes of them.

use atomic_throttle::{Manual, Step, Throttled, ThrottledBuilder, Timestamp};
use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

pub fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// The reading of the clock at that millisecond of the timetable.
pub fn at(millisecond: u64) -> Timestamp {
    Timestamp::from_nanos((1000 + millisecond) * 1_000_000)
}

/// When a run came, and the newest value that it was given: the millisecond of its call.
pub type Run = (u64, u64);

/// Plays `calls` until `end`. In each millisecond what is due comes first, then the calls.
pub fn play(
    calls: &[u64],
    end: u64,
    threshold: u64,
    set: impl FnOnce(ThrottledBuilder) -> ThrottledBuilder,
) -> Vec<Run> {
    let clock = Arc::new(Manual::new(at(0)));
    let (runs, now) = (RefCell::new(Vec::new()), RefCell::new(0));
    let builder = set(Throttled::builder(ms(threshold)).clock(Arc::clone(&clock)));
    let (throttled, mut by_hand) =
        builder.latest().by_hand(|newest: &u64| runs.borrow_mut().push((*now.borrow(), *newest)));
    let mut calls = calls.iter().copied().peekable();
    for millisecond in 0..=end {
        now.replace(millisecond);
        clock.set(at(millisecond));
        while by_hand.step() == Step::Ran {}
        while calls.next_if_eq(&millisecond).is_some() {
            let _ = throttled.trigger(millisecond).expect("it has not ended");
            while by_hand.step() == Step::Ran {}
        }
    }
    assert_eq!(by_hand.step(), Step::Idle, "everything has run by the end of the timetable");
    drop(by_hand);
    runs.into_inner()
}

/// A call every `step` milliseconds.
pub fn every(step: usize, until: u64) -> Vec<u64> {
    (0..=until).step_by(step).collect()
}
