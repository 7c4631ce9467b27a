//! `Throttle` on real threads, with `Manual` time: each operation, one behaviour a test.

mod support;

use atomic_throttle::{Clock, Manual, NotFlushed, Outcome, Refused, Throttle, Timestamp, WaitError};
use smol::future::block_on;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::Duration;
use support::{SECOND, after_a_run, at, until};
use watchdog as _;

#[test]
fn the_first_call_runs_at_once() {
    let throttle = Throttle::with_clock(SECOND, Manual::new(at(0)));
    assert!(matches!(throttle.run(|| 7), Outcome::RanAtOnce(7)));
    // The clock stood at 0, which is kept for `never ran`: the stamp is the next nanosecond.
    assert_eq!(throttle.snapshot().last_run_at, Some(Timestamp::from_nanos(1)));
}

#[test]
fn a_call_inside_the_window_waits_for_its_end() {
    let throttle = after_a_run(SECOND);
    thread::scope(|scope| {
        let owner = scope.spawn(|| throttle.run(|| throttle.clock().now()).into_value());
        until(|| throttle.is_pending());
        assert_eq!(throttle.snapshot().next_run_at, Some(at(2)));
        throttle.clock().set(at(2));
        assert_eq!(owner.join().expect("no panic"), Some(at(2)));
    });
    assert_eq!(throttle.snapshot().last_run_at, Some(at(2)));
    assert_eq!(throttle.snapshot().next_run_at, None);
}

#[test]
fn calls_coalesce_and_wait_for_the_run_that_covers_them() {
    let throttle = after_a_run(SECOND);
    let (written, seen) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let record = || seen.store(written.load(Relaxed), Relaxed);
    thread::scope(|scope| {
        let owner = scope.spawn(|| throttle.run(record).ran());
        until(|| throttle.is_pending());
        written.store(1, Relaxed);
        let Outcome::Coalesced(handle) = throttle.run(record) else { panic!("one is pending") };
        assert_eq!(handle.wait_for(Duration::ZERO), Err(WaitError::TimedOut));
        let waiter = scope.spawn(move || handle.wait());
        throttle.clock().set(at(2));
        assert_eq!(waiter.join().expect("no panic"), Ok(()));
        assert_eq!(seen.load(Relaxed), 1);
        assert!(owner.join().expect("no panic"));
        assert_eq!(handle.wait(), Ok(()), "a handle may be asked again");
    });
}

#[test]
fn a_handle_is_awaited_in_a_task() {
    let throttle = after_a_run(SECOND);
    let seen = AtomicUsize::new(0);
    thread::scope(|scope| {
        let owner = scope.spawn(|| throttle.run(|| seen.store(1, Relaxed)).ran());
        until(|| throttle.is_pending());
        let Outcome::Coalesced(handle) = throttle.run(|| ()) else { panic!("one is pending") };
        let waiter = scope.spawn(move || block_on(handle.into_future()));
        throttle.clock().set(at(2));
        assert_eq!(waiter.join().expect("no panic"), Ok(()));
        assert_eq!(seen.load(Relaxed), 1);
        assert!(owner.join().expect("no panic"));

        let owner = scope.spawn(|| throttle.run(|| ()).ran());
        until(|| throttle.is_pending());
        let Outcome::Coalesced(handle) = throttle.run(|| ()) else { panic!("one is pending") };
        assert!(throttle.cancel());
        assert_eq!(block_on(handle.into_future()), Err(WaitError::Cancelled));
        assert!(!owner.join().expect("no panic"));
    });
    throttle.clock().set(at(4));
    let inside = throttle.try_run(|| {
        let _ = throttle.run(|| ());
        let Outcome::Coalesced(handle) = throttle.run(|| ()) else { return None };
        Some(block_on(handle.into_future()))
    });
    assert!(matches!(inside, Ok(None | Some(Err(WaitError::InsideRun | WaitError::Owed)))), "{inside:?}");
}

#[test]
fn a_wait_with_a_limit_ends_by_the_clock_of_the_throttle() {
    let throttle = after_a_run(Duration::MAX);
    thread::scope(|scope| {
        let owner = scope.spawn(|| throttle.run(|| ()).ran());
        until(|| throttle.is_pending());
        let Outcome::Coalesced(handle) = throttle.run(|| ()) else { panic!("one is pending") };
        let waiter = scope.spawn(move || handle.wait_for(SECOND));
        until(|| {
            // The limit counts from the waiter's first look, which this thread cannot see.
            throttle.clock().advance(SECOND);
            waiter.is_finished()
        });
        assert_eq!(waiter.join().expect("no panic"), Err(WaitError::TimedOut));
        assert!(throttle.is_pending(), "the run is still to come");
        throttle.set_threshold(Duration::ZERO);
        assert!(owner.join().expect("no panic"));
    });
}

#[test]
fn a_refused_call_says_when_to_come_back() {
    let throttle = after_a_run(SECOND);
    assert_eq!(throttle.try_run(|| ()), Err(Refused::Closed { retry_at: at(2), refused_at: at(1) }));
    assert!(!throttle.is_pending(), "nothing was recorded");
    throttle.clock().advance(SECOND / 4);
    let bounded = throttle.run_within(Duration::ZERO, || ()).map(|_| ());
    for refused in [throttle.try_run(|| ()), bounded] {
        assert_eq!(refused.map_err(Refused::retry_after), Err(Some(SECOND * 3 / 4)));
    }
    throttle.clock().set(at(2));
    assert_eq!(throttle.try_run(|| throttle.try_run(|| ())), Ok(Err(Refused::Running)));
}

#[test]
fn a_bounded_call_does_not_take_a_deferral_that_is_due_later() {
    let throttle = after_a_run(SECOND);
    let refused = throttle.run_within(Duration::from_nanos(999_999_999), || ());
    assert!(matches!(refused, Err(Refused::Closed { retry_at, .. }) if retry_at == at(2)));
    assert!(!throttle.is_pending(), "nothing was recorded");
    thread::scope(|scope| {
        let owner = scope.spawn(|| throttle.run_within(SECOND, || 7).map(Outcome::into_value));
        until(|| throttle.is_pending());
        assert!(matches!(throttle.run_within(Duration::ZERO, || 8), Ok(Outcome::Coalesced(_))));
        throttle.clock().set(at(2));
        assert_eq!(owner.join().expect("no panic"), Ok(Some(7)));
    });
}

#[test]
fn a_bounded_call_that_is_held_up_leaves_the_run_owed() {
    let throttle = after_a_run(SECOND);
    thread::scope(|scope| {
        let owner = scope.spawn(|| throttle.run_within(SECOND, || ()));
        until(|| throttle.is_pending());
        let Outcome::Coalesced(handle) = throttle.run(|| ()) else { panic!("one is pending") };
        throttle.set_threshold(10 * SECOND);
        let waiter = scope.spawn(move || handle.wait());
        throttle.clock().set(at(2));
        assert!(matches!(owner.join().expect("no panic"), Ok(Outcome::Owed)));
        assert_eq!(waiter.join().expect("no panic"), Err(WaitError::Owed));
    });
    assert!(throttle.snapshot().is_owed());
    throttle.clock().set(at(11));
    assert!(throttle.run(|| ()).ran(), "the next call adopts it");
    assert!(!throttle.snapshot().is_owed());
}

#[test]
fn an_owed_run_is_adopted_inside_the_window() {
    let throttle = after_a_run(SECOND);
    let (deferred, _) = support::leave_owed(&throttle);
    assert!(deferred && throttle.snapshot().is_owed());
    thread::scope(|scope| {
        let owner = scope.spawn(|| throttle.run(|| ()).ran());
        until(|| throttle.is_pending());
        throttle.clock().advance(10 * SECOND);
        assert!(owner.join().expect("no panic"));
    });
    assert!(!throttle.snapshot().is_owed());
}

#[test]
fn a_cancel_keeps_the_window() {
    let throttle = after_a_run(SECOND);
    assert!(!throttle.cancel(), "nothing to cancel");
    thread::scope(|scope| {
        let owner = scope.spawn(|| matches!(throttle.run(|| ()), Outcome::Cancelled));
        until(|| throttle.is_pending());
        let Outcome::Coalesced(handle) = throttle.run(|| ()) else { panic!("one is pending") };
        assert!(throttle.cancel());
        assert!(owner.join().expect("no panic"));
        assert_eq!(handle.wait(), Err(WaitError::Cancelled));
    });
    assert_eq!(throttle.try_run(|| ()), Err(Refused::Closed { retry_at: at(2), refused_at: at(1) }));
}

#[test]
fn a_flush_runs_now_and_starts_a_new_window() {
    let throttle = after_a_run(SECOND);
    assert_eq!(throttle.flush(|| ()), Err(NotFlushed::NothingPending));
    thread::scope(|scope| {
        let owner = scope.spawn(|| throttle.run(|| panic!("the flush takes its place")));
        until(|| throttle.is_pending());
        throttle.clock().set(at(1).saturating_add(SECOND / 2));
        assert_eq!(throttle.flush(|| 9), Ok(9));
        let outcome = owner.join().expect("no panic");
        let Outcome::Coalesced(handle) = outcome else { panic!("{outcome:?}") };
        assert_eq!(handle.wait(), Ok(()));
    });
    let refused_at = at(1).saturating_add(SECOND / 2);
    let retry_at = refused_at.saturating_add(SECOND);
    assert_eq!(throttle.try_run(|| ()), Err(Refused::Closed { retry_at, refused_at }));
}

#[test]
fn an_overdue_run_is_performed_by_its_owner_or_by_a_call_that_takes_over() {
    // `Throttle::run` coalesces without a look at the clock; `try_run` looks.
    let throttle = after_a_run(SECOND);
    let taken_over = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..20 {
            let owner = scope.spawn(|| throttle.run(|| ()));
            until(|| throttle.is_pending() || owner.is_finished());
            // Both are woken or looking now: the owner and this call compete.
            throttle.clock().advance(SECOND);
            let here = throttle.try_run(|| ()).is_ok();
            match owner.join().expect("no panic") {
                Outcome::Coalesced(handle) => {
                    assert!(here, "somebody covers it");
                    assert_eq!(handle.wait(), Ok(()));
                    taken_over.fetch_add(1, Relaxed);
                }
                outcome => assert!(outcome.ran()),
            }
        }
    });
    println!("{} of 20 were taken over", taken_over.load(Relaxed));
}

#[test]
fn a_changed_threshold_re_times_the_pending_run() {
    let throttle = after_a_run(SECOND);
    thread::scope(|scope| {
        let owner = scope.spawn(|| throttle.run(|| throttle.clock().now()).into_value());
        until(|| throttle.is_pending());
        throttle.set_threshold(10 * SECOND);
        assert_eq!(throttle.snapshot().next_run_at, Some(at(11)));
        throttle.clock().set(at(2));
        assert!(throttle.is_pending(), "longer: not yet");
        throttle.clock().set(at(5));
        throttle.set_threshold(4 * SECOND);
        assert_eq!(owner.join().expect("no panic"), Some(at(5)), "shorter: at once");
    });
    assert_eq!(throttle.threshold().as_duration(), 4 * SECOND);
}

#[test]
fn a_run_longer_than_the_threshold_is_followed_by_the_pending_one() {
    let throttle = Throttle::with_clock(SECOND, Manual::new(at(1)));
    let inside = AtomicUsize::new(0);
    thread::scope(|scope| {
        let mut owner = None;
        let outcome = throttle.run(|| {
            assert_eq!(inside.fetch_add(1, Relaxed), 0);
            owner =
                Some(scope.spawn(|| {
                    throttle.run(|| assert_eq!(inside.fetch_add(1, Relaxed), 0, "G2: an overlap"))
                }));
            until(|| throttle.is_pending());
            throttle.clock().set(at(10));
            let seen = throttle.snapshot();
            assert!(seen.running && seen.next_run_at.is_some());
            inside.fetch_sub(1, Relaxed);
        });
        assert!(outcome.ran());
        let owner = owner.expect("it was spawned").join().expect("no panic");
        assert!(matches!(owner, Outcome::RanDeferred(())));
    });
    assert_eq!(throttle.snapshot().last_run_at, Some(at(10)));
}

#[test]
fn a_clock_that_is_set_back_wakes_nobody_early() {
    let throttle = after_a_run(SECOND);
    thread::scope(|scope| {
        let owner = scope.spawn(|| throttle.run(|| throttle.clock().now()).into_value());
        until(|| throttle.is_pending());
        throttle.clock().go_back(SECOND / 2);
        throttle.clock().set(at(0));
        assert!(throttle.is_pending());
        throttle.clock().advance(2 * SECOND);
        assert_eq!(owner.join().expect("no panic"), Some(at(2)));
    });
}
