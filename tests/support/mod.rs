//! Helpers that the tests of `Throttle` share.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use atomic_throttle::{Manual, Outcome, Throttle, Timestamp};
use std::panic::{AssertUnwindSafe, UnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

pub const SECOND: Duration = Duration::from_secs(1);

/// The time `seconds` after the origin.
pub fn at(seconds: u64) -> Timestamp {
    Timestamp::ZERO.saturating_add(Duration::from_secs(seconds))
}

/// A throttle whose first run has started, and finished, at second 1.
pub fn after_a_run(threshold: Duration) -> Throttle<Manual> {
    let throttle = Throttle::with_clock(threshold, Manual::new(at(1)));
    assert!(throttle.run(|| ()).ran());
    throttle
}

/// Waits for another thread to bring `condition` about.
///
/// # Panics
///
/// After a minute, so that a fault is a failure and not a hang.
pub fn until(condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(60), "it does not come about");
        thread::yield_now();
    }
}

/// Leaves a run owed: an owner inside the window gives up when the window becomes longer than its limit.
/// Returns whether it was deferred first, and whether it ended as owed.
pub fn leave_owed(throttle: &Throttle<Manual>) -> (bool, bool) {
    let window = throttle.threshold().as_duration();
    thread::scope(|scope| {
        let owner = scope.spawn(|| throttle.run_within(window, || ()));
        until(|| throttle.is_pending() || owner.is_finished());
        let deferred = throttle.is_pending();
        throttle.set_threshold(window * 4);
        throttle.clock().advance(window);
        (deferred, matches!(owner.join(), Ok(Ok(Outcome::Owed))))
    })
}

/// Panics, without the message of the panic hook.
pub fn panic_quietly() -> ! {
    resume_unwind(Box::new("on purpose"))
}

/// Whether `f` panicked.
pub fn panics<T>(f: impl FnOnce() -> T) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}

pub fn assert_unwind_safe<T: UnwindSafe>() {}

/// Panics when it is cloned, the first time.
#[derive(Default)]
pub struct Fragile(Arc<AtomicBool>);

impl Clone for Fragile {
    fn clone(&self) -> Self {
        if !self.0.swap(true, Ordering::SeqCst) {
            panic_quietly()
        }
        Self(Arc::clone(&self.0))
    }
}
