//! G5: whoever waits by the handle of a coalesced call is woken when the covering run has finished, and
//! when it will not come.

use atomic_throttle::{Manual, Outcome, Throttle, WaitError};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread;
use loom_tests::{Bound, DUE, LEADING, Tally, explore};
use std::time::Duration;

#[test]
fn by_the_covering_run() {
    let waited = Tally::new();
    let counted = waited.clone();
    let executions = explore(Bound::Preemptions(2), move || {
        let throttle = Throttle::with_clock(loom_tests::THRESHOLD.as_duration(), Manual::new(LEADING));
        assert!(throttle.try_run(|| ()).is_ok());
        let shared = Arc::new((throttle, AtomicUsize::new(0), AtomicUsize::new(0)));
        let call = |shared: &(Throttle<Manual>, AtomicUsize, AtomicUsize)| {
            shared.1.fetch_add(1, Relaxed);
            let outcome = shared.0.run(|| shared.2.store(shared.1.load(Relaxed), Relaxed));
            let Outcome::Coalesced(handle) = outcome else { return false };
            handle.wait().expect("the run comes");
            assert_eq!(shared.2.load(Relaxed), 2, "G3: the covering run missed a call, or was missed");
            true
        };
        let other = thread::spawn({
            let shared = Arc::clone(&shared);
            move || call(&shared)
        });
        // Ends every window, also that of a run which was in time for the first.
        let opener = thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.0.set_threshold(Duration::ZERO)
        });
        let here = call(&shared);
        let there = other.join().expect("no panic");
        opener.join().expect("no panic");
        counted.count_if(here || there);
    });
    assert!(executions > 100, "explored {executions}");
    assert!(waited.total() > 0);
}

#[test]
fn by_a_cancel() {
    let cancelled = Tally::new();
    let counted = cancelled.clone();
    let executions = explore(Bound::Preemptions(2), move || {
        let throttle = Throttle::with_clock(loom_tests::THRESHOLD.as_duration(), Manual::new(LEADING));
        assert!(throttle.try_run(|| ()).is_ok());
        let throttle = Arc::new(throttle);
        let owner = thread::spawn({
            let throttle = Arc::clone(&throttle);
            move || matches!(throttle.run(|| ()), Outcome::Cancelled)
        });
        if let Ok(Outcome::Coalesced(handle)) = throttle.run_within(Duration::ZERO, || ()) {
            let other = thread::spawn({
                let throttle = Arc::clone(&throttle);
                move || assert!(throttle.cancel())
            });
            assert_eq!(handle.wait(), Err(WaitError::Cancelled));
            other.join().expect("no panic");
            assert!(owner.join().expect("no panic"));
            counted.count();
        } else {
            // Nothing to coalesce into yet: let the owner's call end.
            throttle.clock().set(DUE);
            assert!(!owner.join().expect("no panic"));
        }
    });
    assert!(executions > 10, "explored {executions}");
    assert!(cancelled.total() > 0);
}

/// An owner at its limit leaves the run owed, and says so to those who wait for it.
#[test]
fn by_an_owner_that_leaves() {
    let told = Tally::new();
    let counted = told.clone();
    let executions = explore(Bound::Preemptions(2), move || {
        let throttle = Throttle::with_clock(loom_tests::THRESHOLD.as_duration(), Manual::new(LEADING));
        assert!(throttle.try_run(|| ()).is_ok());
        let throttle = Arc::new(throttle);
        let owner = thread::spawn({
            let throttle = Arc::clone(&throttle);
            move || {
                let limit = loom_tests::THRESHOLD.as_duration();
                matches!(throttle.run_within(limit, || ()), Ok(Outcome::Owed))
            }
        });
        if let Ok(Outcome::Coalesced(handle)) = throttle.run_within(Duration::ZERO, || ()) {
            // Holds the run up beyond the limit of its owner.
            throttle.set_threshold(Duration::from_nanos(100));
            let clock = thread::spawn({
                let throttle = Arc::clone(&throttle);
                move || throttle.clock().set(DUE)
            });
            assert_eq!(handle.wait(), Err(WaitError::Owed));
            clock.join().expect("no panic");
            assert!(owner.join().expect("no panic"));
            counted.count();
        } else {
            // Nothing to coalesce into yet: let the owner's call end.
            throttle.clock().set(DUE);
            assert!(!owner.join().expect("no panic"));
        }
    });
    assert!(executions > 50, "explored {executions}");
    assert!(told.total() > 0);
}
