//! Faults that were seen in other throttles, replayed. Each test is named after the right behaviour.

mod support;

use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{Clock, Manual, NotFlushed, Outcome, Throttle, Timestamp};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;
use support::{SECOND, after_a_run, at, panic_quietly, until};
use watchdog as _;

fn milliseconds(count: u64) -> Timestamp {
    Timestamp::ZERO.saturating_add(Duration::from_millis(count))
}

/// lodash ran 19 ms after a trailing run, at a threshold of 200 ms and these calls.
#[test]
fn a_leading_run_keeps_its_distance_from_a_trailing_one() {
    let threshold = Duration::from_millis(200);
    let throttle = Throttle::with_clock(threshold, Manual::new(Timestamp::ZERO));
    let mut starts = Vec::new();
    thread::scope(|scope| {
        let mut owners = Vec::new();
        for call in [1, 140, 240, 460] {
            // Let the run that is due before this call happen first, at its own time.
            while let Some(due) = throttle.snapshot().next_run_at.filter(|due| *due <= milliseconds(call)) {
                throttle.clock().set(due);
                until(|| throttle.snapshot().last_run_at >= Some(due));
                starts.extend(throttle.snapshot().last_run_at);
            }
            throttle.clock().set(milliseconds(call));
            if throttle.try_run(|| ()).is_ok() {
                starts.extend(throttle.snapshot().last_run_at);
            } else {
                owners.push(scope.spawn(|| throttle.run(|| ())));
                until(|| throttle.is_pending());
            }
        }
        throttle.clock().advance(threshold);
        for owner in owners {
            let _ = owner.join().expect("no panic");
        }
        starts.extend(throttle.snapshot().last_run_at);
    });
    assert_eq!(starts, [1, 201, 401, 660].map(milliseconds));
    assert!(starts.windows(2).all(|pair| pair[1].saturating_since(pair[0]) >= threshold));
}

/// tokio-debouncer lost an event that came during the run.
#[test]
fn a_call_during_a_run_is_not_lost() {
    let throttle = after_a_run(SECOND);
    throttle.clock().set(at(2));
    thread::scope(|scope| {
        let mut during = None;
        assert!(
            throttle
                .run(|| {
                    during = Some(scope.spawn(|| throttle.run(|| throttle.clock().now()).into_value()));
                    until(|| throttle.is_pending());
                })
                .ran()
        );
        assert!(throttle.is_pending());
        throttle.clock().set(at(3));
        assert_eq!(during.expect("it was spawned").join().expect("no panic"), Some(at(3)));
    });
}

/// Windows Terminal's was dead for ever after a panic of the leading run, fns' after any.
#[test]
fn a_panic_does_not_end_the_throttle() {
    let throttle = after_a_run(SECOND);
    for second in 2..5 {
        throttle.clock().set(at(second));
        let run = catch_unwind(AssertUnwindSafe(|| throttle.run(|| panic_quietly()).ran()));
        assert!(run.is_err());
    }
    throttle.clock().set(at(5));
    assert!(throttle.run(|| ()).ran());
}

/// leaky-bucket stopped granting for good under contention, without its fair mode.
#[test]
fn contention_leaves_it_alive() {
    let throttle = Throttle::with_clock(SECOND, Manual::new(at(1)));
    let granted = thread::scope(|scope| {
        let callers: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| (0..10_000).filter(|_| throttle.try_run(|| ()).is_ok()).count()))
            .collect();
        for second in 2..100 {
            throttle.clock().set(at(second));
            thread::yield_now();
        }
        callers.into_iter().map(|caller| caller.join().expect("no panic")).sum::<usize>()
    });
    assert!((1..=99).contains(&granted), "at most one each second: {granted}");
    throttle.clock().set(at(200));
    assert_eq!(throttle.try_run(|| ()), Ok(()), "and alive after it");
    let seen = throttle.snapshot();
    assert!(!seen.running && seen.deferral == DeferralStatus::None);
}

/// Go's `rate.Sometimes` deadlocks when it is called inside itself.
#[test]
fn a_call_inside_a_run_does_not_deadlock() {
    let throttle = after_a_run(SECOND);
    throttle.clock().set(at(2));
    let outcome = throttle.run(|| matches!(throttle.run(|| ()), Outcome::Owed));
    assert!(matches!(outcome, Outcome::RanAtOnce(true)));
}

/// lodash forgets its window when it is cancelled.
#[test]
fn a_cancel_does_not_open_the_window() {
    let throttle = after_a_run(SECOND);
    thread::scope(|scope| {
        let owner = scope.spawn(|| matches!(throttle.run(|| ()), Outcome::Cancelled));
        until(|| throttle.is_pending());
        assert!(throttle.cancel());
        assert!(owner.join().expect("no panic"));
    });
    assert!(throttle.try_run(|| ()).is_err());
}

/// Guava's sleepers do not see a new rate.
#[test]
fn a_changed_threshold_retimes_a_sleeper_in_both_directions() {
    let throttle = after_a_run(SECOND);
    thread::scope(|scope| {
        let owner = scope.spawn(|| throttle.run(|| throttle.clock().now()).into_value());
        until(|| throttle.is_pending());
        throttle.set_threshold(SECOND * 10);
        throttle.clock().set(at(10));
        assert_eq!((throttle.is_pending(), throttle.snapshot().next_run_at), (true, Some(at(11))), "later");
        throttle.set_threshold(SECOND * 9);
        assert_eq!(owner.join().expect("no panic"), Some(at(10)), "and sooner");
    });
}

/// Windows Terminal's must not be flushed while it runs; and wp-calypso#26243: a cancel inside the function
/// disabled the throttle for good.
#[test]
fn a_flush_and_a_cancel_inside_the_run_leave_it_alive() {
    let throttle = after_a_run(SECOND);
    for second in 2..5 {
        throttle.clock().set(at(second));
        let ran = throttle.run(|| {
            assert_eq!(throttle.flush(|| ()), Err(NotFlushed::Running));
            assert!(matches!(throttle.run(|| ()), Outcome::Owed));
            assert!(throttle.cancel());
        });
        assert!(matches!(ran, Outcome::RanAtOnce(())));
        assert_eq!(throttle.snapshot().deferral, DeferralStatus::None);
    }
}
