//! G7: what each call costs, counted and not timed: clock readings and allocations. What each operation of a gate
//! costs is counted in `verify/cost`.

mod support;

use allocation_counter::measure;
use atomic_throttle::{Clock, Manual, Moved, Outcome, Throttle};
use evidence::Check;
use evidence::Guarantee::G7;
use std::cell::Cell;
use std::time::Duration;
use watchdog as _;

std::thread_local!(static READINGS: Cell<usize> = const { Cell::new(0) });

/// A clock that counts how often each thread reads it.
struct Counting(Manual);

impl Clock for Counting {
    fn now(&self) -> atomic_throttle::Timestamp {
        READINGS.set(READINGS.get() + 1);
        self.0.now()
    }

    fn moved(&self) -> Option<&Moved> {
        self.0.moved()
    }
}

/// A throttle whose first run has finished, at second 1.
fn after_a_run() -> Throttle<Counting> {
    let throttle = Throttle::with_clock(support::SECOND, Counting(Manual::new(support::at(1))));
    assert!(throttle.run(|| ()).ran());
    throttle
}

/// What `f` does in this thread: clock readings and allocations.
fn readings_and_allocations(f: impl FnOnce()) -> (usize, u64) {
    let before = READINGS.get();
    let allocations = measure(f).count_total;
    (READINGS.get() - before, allocations)
}

#[test]
fn a_call_that_does_not_wait_reads_the_clock_once_and_allocates_nothing() {
    let check = Check::of(&[G7], "counting: clock readings and allocations of calls that do not wait");
    let throttle = after_a_run();
    let unthrottled = after_a_run();
    unthrottled.set_threshold(Duration::ZERO);
    let calls: [(&str, &dyn Fn(), usize); 6] = [
        ("refused: closed", &|| assert!(throttle.try_run(|| ()).is_err()), 1),
        ("refused: its limit", &|| assert!(throttle.run_within(Duration::ZERO, || ()).is_err()), 1),
        ("nothing to cancel", &|| assert!(!throttle.cancel()), 0),
        ("nothing to flush", &|| assert!(throttle.flush(|| ()).is_err()), 1),
        ("a run at once", &|| assert!(unthrottled.run(|| ()).ran()), 1),
        ("a run now or never", &|| assert!(unthrottled.try_run(|| ()).is_ok()), 1),
    ];
    for (name, call, readings) in calls {
        assert_eq!(readings_and_allocations(call), (readings, 0), "{name}");
    }
    check.passed(calls.len(), "cases");
}

#[test]
fn a_coalesced_call_reads_no_clock_and_allocates_nothing() {
    const CALLS: usize = 1000;
    let check = Check::of(&[G7], "counting: clock readings and allocations of coalesced calls");
    let throttle = after_a_run();
    std::thread::scope(|scope| {
        let owner = scope.spawn(|| throttle.run(|| ()).ran());
        support::until(|| throttle.is_pending());
        let mut coalesced = 0;
        let cost = readings_and_allocations(|| {
            for _ in 0..CALLS {
                coalesced += usize::from(matches!(throttle.run(|| ()), Outcome::Coalesced(_)));
            }
        });
        // Before anything is asserted: a failure must not leave the owner waiting.
        throttle.clock().0.set(support::at(2));
        assert!(owner.join().expect("no panic"));
        assert_eq!((coalesced, cost), (CALLS, (0, 0)));
    });
    check.passed(CALLS, "calls");
}

/// It cannot wait for the end of its run, so it needs no time.
#[test]
fn a_call_inside_of_a_run_reads_no_clock_and_allocates_nothing() {
    let check = Check::of(&[G7], "counting: clock readings and allocations of calls inside of a run");
    let throttle = after_a_run();
    let newest = Throttle::latest_with_clock(support::SECOND, Counting(Manual::new(support::at(1))));
    let is_owed = |outcome| assert!(matches!(outcome, Ok(Outcome::Owed)));
    let is_value_owed = |outcome| assert!(matches!(outcome, Ok(Outcome::Owed)));
    let calls: [(&str, &dyn Fn()); 4] = [
        ("a call", &|| is_owed(Ok(throttle.run(|| ())))),
        ("one with a limit", &|| is_owed(throttle.run_within(support::SECOND, || ()))),
        ("a value", &|| is_value_owed(newest.run(1, |_| ()))),
        ("a value with a limit", &|| is_value_owed(newest.run_within(1, support::SECOND, |_| ()))),
    ];
    throttle.set_threshold(Duration::ZERO);
    for (name, call) in calls {
        let inside = || assert_eq!(readings_and_allocations(call), (0, 0), "{name}");
        // Each finds nothing that is owed.
        let _ = (throttle.cancel(), newest.take());
        newest.set_threshold(Duration::ZERO);
        assert!(throttle.run(|| newest.run(0, |_| inside()).is_ok()).into_value() == Some(true));
    }
    check.passed(calls.len(), "cases");
}
