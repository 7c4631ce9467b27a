//! G5: the owner of a deferral that waits in `Throttle::run` is woken by the clock, by a finish, by a
//! cancel, by a flush and by a changed threshold. A lost wake-up is a deadlock, which loom reports.

use atomic_throttle::{Manual, NotFlushed, Outcome, Throttle};
use loom::sync::Arc;
use loom::thread;
use loom_tests::{Bound, DUE, LEADING, Tally, explore};
use std::time::Duration;

type Shared = Arc<Throttle<Manual>>;

const BOUND: Bound = Bound::Preemptions(2);

/// A throttle on whose clock a first run has started at `LEADING`.
fn after_a_run() -> Shared {
    let throttle = Throttle::with_clock(loom_tests::THRESHOLD.as_duration(), Manual::new(LEADING));
    assert!(throttle.try_run(|| ()).is_ok());
    Arc::new(throttle)
}

/// An owner waits in one thread while `disturb` happens in another. `ended` says how its call may end.
fn owner_and(disturb: fn(&Throttle<Manual>), ended: fn(&Outcome<'_, (), Manual>) -> bool) {
    let deferred = Tally::new();
    let counted = deferred.clone();
    let executions = explore(BOUND, move || {
        let throttle = after_a_run();
        let owner = thread::spawn({
            let throttle = Arc::clone(&throttle);
            move || {
                let outcome = throttle.run(|| ());
                assert!(ended(&outcome), "{outcome:?}");
                !matches!(outcome, Outcome::RanAtOnce(()))
            }
        });
        disturb(&throttle);
        counted.count_if(owner.join().expect("no panic"));
        assert!(!throttle.is_pending() && !throttle.is_running());
    });
    assert!(executions > 15, "explored {executions}");
    assert!(deferred.total() > 0, "the owner waited in some execution");
}

#[test]
fn by_the_clock() {
    owner_and(
        |throttle| throttle.clock().set(DUE),
        |outcome| matches!(outcome, Outcome::RanAtOnce(()) | Outcome::RanDeferred(())),
    );
}

#[test]
fn by_a_shorter_threshold() {
    owner_and(
        |throttle| throttle.set_threshold(Duration::ZERO),
        |outcome| matches!(outcome, Outcome::RanAtOnce(()) | Outcome::RanDeferred(())),
    );
}

#[test]
fn by_a_cancel() {
    owner_and(
        |throttle| {
            // If the cancel came before the call, nothing else would end it.
            if !throttle.cancel() {
                throttle.clock().set(DUE);
            }
        },
        |outcome| matches!(outcome, Outcome::Cancelled | Outcome::RanAtOnce(()) | Outcome::RanDeferred(())),
    );
}

#[test]
fn by_a_flush() {
    owner_and(
        |throttle| {
            if let Err(NotFlushed::NothingPending) = throttle.flush(|| ()) {
                throttle.clock().set(DUE);
            }
        },
        |outcome| {
            matches!(outcome, Outcome::Coalesced(_) | Outcome::RanAtOnce(()) | Outcome::RanDeferred(()))
        },
    );
}

/// The run in progress finishes after the window is over: the owner waits for that alone.
#[test]
fn by_a_finish() {
    let deferred = Tally::new();
    let counted = deferred.clone();
    let executions = explore(BOUND, move || {
        let throttle = Arc::new(Throttle::with_clock(Duration::ZERO, Manual::new(LEADING)));
        let other = thread::spawn({
            let throttle = Arc::clone(&throttle);
            move || matches!(throttle.run(|| ()), Outcome::RanDeferred(()))
        });
        let here = matches!(throttle.run(|| ()), Outcome::RanDeferred(()));
        let there = other.join().expect("no panic");
        assert!(!(here && there), "one of two calls runs at once");
        counted.count_if(here || there);
        assert!(!throttle.is_pending() && !throttle.is_running());
    });
    assert!(executions > 15, "explored {executions}");
    assert!(deferred.total() > 0);
}

/// The function of a flush may wait for the call that it took the place of: that is released before.
#[test]
fn before_the_function_of_a_flush() {
    let flushed = Tally::new();
    let counted = flushed.clone();
    let executions = explore(BOUND, move || {
        let throttle = after_a_run();
        let mut owner = Some(thread::spawn({
            let throttle = Arc::clone(&throttle);
            move || matches!(throttle.run(|| ()), Outcome::Coalesced(_))
        }));
        let result = throttle.flush(|| owner.take().map(|owner| owner.join().expect("no panic")));
        counted.count_if(result == Ok(Some(true)));
        if let Some(owner) = owner {
            throttle.clock().set(DUE);
            assert!(!owner.join().expect("no panic"));
        }
    });
    assert!(executions > 15, "explored {executions}");
    assert!(flushed.total() > 0);
}
