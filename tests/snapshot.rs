//! `Snapshot`: the state of a throttle, as a person reads it, in each state.

mod support;

use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{Clock, Epoch, Manual, Outcome, Site, Snapshot, Throttle, Throttled, Timestamp};
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use support::{SECOND, after_a_run, at, until};
use watchdog as _;

#[test]
fn before_the_first_run() {
    let throttle = Throttle::with_clock(SECOND, Manual::new(at(1)));
    let snapshot = throttle.snapshot();
    assert_eq!((snapshot.running, snapshot.deferral), (false, DeferralStatus::None));
    assert_eq!((snapshot.epoch, snapshot.last_run_at), (Epoch::NEVER_RAN, None));
    assert!(!snapshot.is_owed());
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
    assert!(inside.is_owed());
    assert_eq!((inside.epoch.started_at(), inside.last_run_at), (at(1), Some(at(1))));
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
    assert!(!pending.is_owed());
    assert_eq!(Some(pending.window_end), pending.last_run_at.map(|at| at.saturating_add(SECOND)));
    assert_eq!(throttle.snapshot().deferral, DeferralStatus::None, "the owner has acknowledged");
}

#[test]
fn it_is_readable() {
    let throttle = after_a_run(Duration::MAX);
    throttle.clock().set(at(9));
    assert_eq!(
        format!("{:?}", throttle.snapshot()),
        "Snapshot { running: false, deferral: None, epoch: Epoch(1000000000), last_run_at: Some(1s), \
         window_end: never, threshold: 2233785415.175766016s, next_run_at: None, failures: 0 }"
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

/// The clock of a front end and a snapshot of it agree about when its latest run started.
fn gives_its_clock(clock: &dyn Clock, snapshot: Snapshot) {
    assert_eq!(snapshot.last_run_at, Some(at(1)));
    let since = snapshot.last_run_at.map(|ran| clock.now().saturating_since(ran));
    assert_eq!(since, Some(SECOND), "the clock that the timestamps are readings of");
}

fn a_clock() -> Arc<Manual> {
    Arc::new(Manual::new(at(1)))
}

#[test]
fn each_front_end_gives_its_clock() {
    let clock = a_clock();
    let throttle = Throttle::with_clock(SECOND, &clock);
    let site = Site::with_clock(SECOND, &clock);
    let throttled = Throttled::builder(SECOND).clock(Arc::clone(&clock)).spawn(|| ()).expect("a thread");
    assert!(throttle.try_run(|| ()).is_ok());
    drop(site.enter());
    throttled.trigger().expect("it goes on").wait().expect("it runs");
    clock.advance(SECOND);
    gives_its_clock(throttle.clock(), throttle.snapshot());
    gives_its_clock(site.clock(), site.snapshot());
    gives_its_clock(throttled.clock(), throttled.snapshot());
}

#[cfg(feature = "keyed")]
#[test]
fn each_front_end_for_keys_gives_its_clock() {
    use atomic_throttle::{Keyed, KeyedThrottled};
    let clock = a_clock();
    let keyed = Keyed::with_clock(SECOND, Arc::clone(&clock));
    let throttled = KeyedThrottled::builder(SECOND).clock(Arc::clone(&clock)).spawn(|_: &u32| ());
    let throttled = throttled.expect("a thread");
    assert!(keyed.try_run(&1, || ()).is_ok());
    throttled.trigger(&1).expect("it goes on");
    throttled.all().wait().expect("it runs");
    // Before the clock moves: afterwards the key is forgotten.
    let [of_keyed, of_throttled] = [keyed.snapshot(&1), throttled.snapshot(&1)];
    clock.advance(SECOND);
    gives_its_clock(keyed.clock(), of_keyed.expect("it is known"));
    gives_its_clock(throttled.clock(), of_throttled.expect("it is known"));
}
