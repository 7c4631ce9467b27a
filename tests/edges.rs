//! G8: thresholds and clocks at the edges. Nothing overflows, nothing panics, and every guarantee holds.

mod support;

use atomic_throttle::{Manual, Outcome, Refused, Threshold, Throttle, Timestamp};
use std::thread;
use std::time::Duration;
use support::until;
use watchdog as _;

const NANOSECOND: Duration = Duration::from_nanos(1);

/// Every operation, at a clock that stands still; returns whether a second run was admitted.
fn exercise(threshold: Duration, now: Timestamp) -> bool {
    let throttle = Throttle::with_clock(threshold, Manual::new(now));
    assert!(throttle.run(|| ()).ran(), "the first call runs");
    let stamp = throttle.snapshot().last_run_at.expect("it ran");
    assert!(stamp >= now);

    let second = throttle.try_run(|| ());
    let admitted = second.is_ok();
    if let Err(Refused::Closed { retry_at, refused_at }) = second {
        assert_eq!(refused_at, now);
        assert!(retry_at > now, "a refused call has a reason");
        // An owner waits, and a flush takes its place; all at the same instant.
        thread::scope(|scope| {
            let owner = scope.spawn(|| matches!(throttle.run(|| ()), Outcome::Coalesced(_)));
            until(|| throttle.is_pending());
            assert_eq!(throttle.snapshot().next_run_at, Some(retry_at));
            assert_eq!(throttle.flush(|| 1), Ok(1));
            assert!(owner.join().expect("no panic"));
        });
        let refused = throttle.run_within(Duration::ZERO, || ()).is_err();
        let nothing_later = throttle.snapshot().next_run_at.is_none();
        assert!(refused && nothing_later);
    }
    throttle.set_threshold(Duration::MAX);
    throttle.set_threshold(Duration::ZERO);
    assert!(throttle.run(|| ()).ran(), "without a threshold nothing is closed");
    admitted
}

#[test]
fn all_edges_of_thresholds_and_clocks() {
    let thresholds = [
        Duration::ZERO,
        NANOSECOND,
        Threshold::MAX.as_duration(),
        Duration::from_secs(u64::MAX),
        Duration::MAX,
    ];
    let clocks = [Timestamp::ZERO, Timestamp::from_nanos(1), Timestamp::from_nanos(1 << 40), Timestamp::MAX];
    for threshold in thresholds {
        for now in clocks {
            assert_eq!(exercise(threshold, now), threshold.is_zero(), "{threshold:?} at {now:?}");
        }
    }
}

#[test]
fn no_threshold_never_refuses_at_a_clock_that_stands_still() {
    let throttle = Throttle::with_clock(Duration::ZERO, Manual::new(Timestamp::MAX));
    let mut latest = Timestamp::ZERO;
    for _ in 0..1000 {
        assert!(throttle.run(|| ()).ran());
        let stamp = throttle.snapshot().last_run_at.expect("it ran");
        assert!(stamp >= latest);
        latest = stamp;
    }
}

#[test]
fn one_nanosecond_is_a_threshold() {
    let throttle = Throttle::with_clock(NANOSECOND, Manual::new(Timestamp::from_nanos(5)));
    assert!(throttle.try_run(|| ()).is_ok());
    assert!(throttle.try_run(|| ()).is_err());
    throttle.clock().advance(NANOSECOND);
    assert!(throttle.try_run(|| ()).is_ok());
}

#[test]
fn a_threshold_from_outside_is_refused_before_it_changes_anything() {
    let throttle = Throttle::new(Threshold::MAX.as_duration());
    let set = |to| Threshold::try_new(to).map(|threshold| throttle.set_threshold(threshold));
    let error = set(Duration::MAX).expect_err("out of range");
    assert_eq!(error.requested, Duration::MAX);
    assert!(error.to_string().contains("use at most"), "{error}");
    assert_eq!(throttle.threshold(), Threshold::MAX, "nothing was changed");
    set(NANOSECOND).expect("in range");
    assert_eq!(throttle.threshold().as_duration(), NANOSECOND);
}

#[test]
fn a_clock_that_goes_backwards_keeps_the_window_closed() {
    let throttle = Throttle::with_clock(Duration::from_nanos(10), Manual::new(Timestamp::from_nanos(100)));
    assert!(throttle.try_run(|| ()).is_ok());
    throttle.clock().set(Timestamp::ZERO);
    assert_eq!(
        throttle.try_run(|| ()),
        Err(Refused::Closed { retry_at: Timestamp::from_nanos(110), refused_at: Timestamp::ZERO }),
        "G1: no run before the time of the latest start has come again"
    );
    throttle.clock().set(Timestamp::from_nanos(110));
    assert!(throttle.try_run(|| ()).is_ok());
}

#[test]
fn a_window_that_outlasts_the_clock_never_ends() {
    let throttle = Throttle::with_clock(Threshold::MAX.as_duration(), Manual::new(Timestamp::from_nanos(7)));
    assert!(throttle.try_run(|| ()).is_ok());
    throttle.clock().set(Timestamp::MAX);
    let refused = Refused::Closed { retry_at: Timestamp::NEVER, refused_at: Timestamp::MAX };
    assert_eq!(throttle.try_run(|| ()), Err(refused));
    throttle.clock().advance(Duration::MAX);
    assert!(throttle.try_run(|| ()).is_err());
}

/// `NEVER` is a deadline. As a clock reading it counts as the last one, and breaks nothing.
#[test]
fn never_as_a_reading() {
    let gate = atomic_throttle::Gate::new(Threshold::ZERO);
    for _ in 0..3 {
        let run = gate.try_start(Timestamp::NEVER).expect("no threshold");
        assert!(run.epoch().as_u64() < Timestamp::MAX.as_nanos() + 10);
    }
}
