//! A waiting owner does nothing: it reads the clock when it is woken, and not otherwise.
//!
//! The counts below are exact for a sleeper, however long it waits; an owner that spins exceeds them as soon
//! as it gets a processor. The yields give it one, and decide nothing.

mod support;

use atomic_throttle::{Clock, Manual, Moved, Outcome, Throttle, Timestamp};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::Duration;
use support::{at, until};
use watchdog as _;

/// A clock that counts its readings.
struct Counting {
    clock: Manual,
    /// Whether it pretends to run with real time, so that waiters sleep until a deadline.
    runs: bool,
    readings: AtomicUsize,
}

impl Clock for Counting {
    fn now(&self) -> Timestamp {
        self.readings.fetch_add(1, Relaxed);
        self.clock.now()
    }

    fn moved(&self) -> Option<&Moved> {
        if self.runs { None } else { self.clock.moved() }
    }
}

/// Lets the owner go, so that a failure does not wait for an hour.
struct Release<'t>(&'t Throttle<Counting>);

impl Drop for Release<'_> {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// How often the clock is read by a call that has come to wait for the end of an hour, or of 1 ns.
fn readings_of_an_owner(runs: bool, rest: Duration, settled: usize) -> usize {
    let clock = Counting { clock: Manual::new(at(1)), runs, readings: AtomicUsize::new(0) };
    let throttle = Throttle::with_clock(rest, clock);
    assert!(throttle.run(|| ()).ran());
    let readings = &throttle.clock().readings;
    readings.store(0, Relaxed);
    thread::scope(|scope| {
        let owner = scope.spawn(|| throttle.run(|| ()));
        let _release = Release(&throttle);
        until(|| throttle.is_pending() && readings.load(Relaxed) >= settled);
        (0..10_000).for_each(|_| thread::yield_now());
        let count = readings.load(Relaxed);
        assert!(throttle.cancel());
        assert!(matches!(owner.join(), Ok(Outcome::Cancelled)));
        count
    })
}

#[test]
fn on_a_clock_that_runs() {
    // To arrive, to look, and to know how long to sleep.
    assert_eq!(readings_of_an_owner(true, Duration::from_secs(3600), 3), 3);
}

#[test]
fn on_a_clock_that_is_moved_by_hand() {
    // To arrive and to look. The time left in the window does not say when the clock will be moved.
    assert_eq!(readings_of_an_owner(false, Duration::from_nanos(1), 2), 2);
}
