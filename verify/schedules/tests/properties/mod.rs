//! What holds under every schedule, one property a file. Each model plays one schedule: four threads and more
//! on one throttle, or on one gate.
//!
//! The file that declares this module says what `subject` is: the library, or its sources with a planted
//! fault.

#![allow(dead_code, reason = "the planted faults need some of them")]

mod background;
pub mod background_calls;
pub mod background_ends;
pub mod background_mixture;
pub mod calls_are_covered;
pub mod every_call_returns;
pub mod limits_are_kept;
pub mod nested_calls_return;
pub mod one_owner;
pub mod panics_lose_nothing;
pub mod random_mixture;
pub mod runs_exclude;
pub mod runs_keep_their_distance;
mod witness;

use crate::subject::{Coalesced, Manual, Outcome, Throttle, Timestamp};
use shuttle::thread;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

/// The number of threads that call. One more sets them going, and may disturb them.
const CALLERS: usize = 4;
const WINDOW: Duration = Duration::from_nanos(10);
const START: Timestamp = Timestamp::from_nanos(100);

fn throttle(threshold: Duration) -> Throttle<Manual> {
    Throttle::with_clock(threshold, Manual::new(START))
}

/// A throttle in the window of its first run.
fn after_a_run() -> Throttle<Manual> {
    let throttle = throttle(WINDOW);
    assert!(throttle.try_run(|| ()).is_ok());
    throttle
}

/// After a call that ran: ends the window of that run, which no other thread will do. So one move of the clock
/// wakes a thread that waits for a window, and nothing else does.
fn end_the_window(throttle: &Throttle<Manual>) {
    throttle.clock().advance(WINDOW);
}

fn is_idle(throttle: &Throttle<Manual>) -> bool {
    let seen = throttle.snapshot();
    !seen.running && seen.next_run_at.is_none() && !seen.is_owed()
}

fn was_deferred<T>(outcome: &Outcome<T, Coalesced<'_, Manual>>) -> bool {
    matches!(outcome, Outcome::RanDeferred(_))
}

/// Waits for another thread to bring `condition` about.
fn until(condition: impl Fn() -> bool) {
    while !condition() {
        thread::yield_now();
    }
}

/// Panics without calling the panic hook, which would print the schedule.
fn panic_quietly() -> ! {
    resume_unwind(Box::new("on purpose"))
}

/// The value that `f` returns, or `None` if it panicked on purpose.
fn unless_it_panics<T>(f: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(f))
        .map_err(|payload| {
            if payload.downcast_ref() != Some(&"on purpose") {
                resume_unwind(payload);
            }
        })
        .ok()
}
