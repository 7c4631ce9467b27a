//! `Snapshot`: the state of a throttle, as a person reads it, in each state.

mod support;

use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{Manual, Outcome, Site, Throttle, Timestamp};
use std::thread;
use std::time::Duration;
use support::{SECOND, after_a_run, at, until};
use watchdog as _;

#[test]
fn before_the_first_run() {
    let throttle = Throttle::with_clock(SECOND, Manual::new(at(1)));
    let snapshot = throttle.snapshot();
    assert_eq!((snapshot.running, snapshot.deferral), (false, DeferralStatus::None));
    assert_eq!(snapshot.last_run_at, None);
    assert_eq!(snapshot.window_end, Timestamp::ZERO, "no window is closed");
    assert_eq!(snapshot.threshold, throttle.threshold());
}

#[test]
fn inside_a_run() {
    let throttle = Throttle::with_clock(SECOND, Manual::new(at(1)));
    let inside = throttle.run(|| {
        assert!(matches!(throttle.run(|| ()), Outcome::Owed));
        throttle.snapshot()
    });
    let inside = inside.into_value().expect("it ran");
    assert!(inside.running);
    assert_eq!(inside.deferral, DeferralStatus::Owed);
    assert_eq!(inside.last_run_at, Some(at(1)));
    let after = throttle.snapshot();
    assert!(!after.running);
    assert_eq!((after.deferral, after.last_run_at), (inside.deferral, inside.last_run_at));
}

#[test]
fn while_a_run_is_pending() {
    let throttle = after_a_run(SECOND);
    let pending = thread::scope(|scope| {
        scope.spawn(|| throttle.run(|| ()).ran());
        until(|| throttle.is_pending());
        let pending = throttle.snapshot();
        assert!(throttle.cancel());
        pending
    });
    assert_eq!(pending.deferral, DeferralStatus::Pending);
    assert_eq!(Some(pending.window_end), pending.last_run_at.map(|at| at.saturating_add(SECOND)));
    assert_eq!(throttle.snapshot().deferral, DeferralStatus::None, "the owner has acknowledged");
}

#[test]
fn it_is_readable() {
    let throttle = after_a_run(Duration::MAX);
    throttle.clock().set(at(9));
    assert_eq!(
        format!("{:?}", throttle.snapshot()),
        "Snapshot { running: false, deferral: None, last_run_at: Some(1s), window_end: never, threshold: \
         2233785415.175766016s }"
    );
}

#[test]
fn of_a_site() {
    let site = Site::with_clock(SECOND, Manual::new(at(1)));
    let entry = site.enter();
    assert!(site.snapshot().running);
    drop(entry);
    let snapshot = site.snapshot();
    assert_eq!((snapshot.running, snapshot.window_end), (false, at(2)));
}
