//! G5: a thread that waits by the handle of a coalesced call is woken when the covering run has finished, no
//! matter which thread performs it, and when that run will not come.

use atomic_throttle::{Manual, Outcome, Throttle, WaitError};
use evidence::Guarantee::{G3, G5, G6};
use evidence::depth;
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread;
use loom_tests::{Bound, DUE, Tally, after_a_run, explore};
use std::sync::Arc;
use std::time::Duration;
use watchdog as _;

/// The models have three threads, so they do not try all interleavings.
fn bounded() -> Bound {
    depth(Bound::Preemptions(2), Bound::Preemptions(3))
}

#[test]
fn by_the_covering_run() {
    let waited = Tally::new();
    let counted = waited.clone();
    explore(bounded(), &[G5, G3], "a finish wakes whoever waits for the run", move || {
        let shared = Arc::new((after_a_run(), AtomicUsize::new(0), AtomicUsize::new(0)));
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
        // Ends every window, also that of a run which was in time for the first window.
        let opener = thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.0.set_threshold(Duration::ZERO)
        });
        let here = call(&shared);
        let there = other.join().expect("no panic");
        opener.join().expect("no panic");
        counted.count_if(here || there);
    })
    .at_least(20_000)
    .reached(&waited, "a call waited")
    .passed();
}

/// The owner runs again at once: the wait is for the first of its runs, and ends all the same.
#[test]
fn by_the_first_of_two_runs() {
    let waited = Tally::new();
    let counted = waited.clone();
    let bound = depth(Bound::Preemptions(3), Bound::Preemptions(4));
    explore(bound, &[G5, G3], "a wait for the first of two runs", move || {
        let shared = Arc::new((after_a_run(), AtomicUsize::new(0)));
        let owner = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                assert!(shared.0.run(|| shared.1.store(1, Relaxed)).ran());
                shared.0.set_threshold(Duration::ZERO);
                assert!(shared.0.try_run(|| ()).is_ok());
            }
        });
        let told = shared.0.run_within(Duration::ZERO, || ());
        shared.0.clock().set(DUE);
        if let Ok(Outcome::Coalesced(handle)) = told {
            assert_eq!(handle.wait(), Ok(()), "the run comes");
            assert_eq!(shared.1.load(Relaxed), 1, "G3: the wait ended before the run had finished");
            counted.count();
        }
        owner.join().expect("no panic");
    })
    .at_least(5000)
    .reached(&waited, "the call waited")
    .passed();
}

#[test]
fn by_a_cancel() {
    let cancelled = Tally::new();
    let counted = cancelled.clone();
    explore(bounded(), &[G5], "a cancel wakes whoever waits for the run", move || {
        let throttle = Arc::new(after_a_run());
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
            // There is nothing to coalesce into yet, so the owner's call may end.
            throttle.clock().set(DUE);
            assert!(!owner.join().expect("no panic"));
        }
    })
    .at_least(500)
    .reached(&cancelled, "a call was told")
    .passed();
}

/// Another thread performs the covering run.
fn by_another(name: &str, rival: fn(&Throttle<Manual>) -> bool) {
    let claim = format!("the finish of {name} wakes whoever waits for the run");
    let waited = Tally::new();
    let counted = waited.clone();
    explore(bounded(), &[G5], &claim, move || {
        let throttle = Arc::new(after_a_run());
        let owner = thread::spawn({
            let throttle = Arc::clone(&throttle);
            move || matches!(throttle.run(|| ()), Outcome::Coalesced(_))
        });
        if let Ok(Outcome::Coalesced(handle)) = throttle.run_within(Duration::ZERO, || ()) {
            let other = thread::spawn({
                let throttle = Arc::clone(&throttle);
                move || {
                    throttle.clock().set(DUE);
                    rival(&throttle)
                }
            });
            handle.wait().expect("the run comes");
            let rival_ran = other.join().expect("no panic");
            let released = owner.join().expect("no panic");
            assert!(rival_ran || !released, "G3: nobody performed the run");
            counted.count_if(rival_ran && released);
        } else {
            // There is nothing to coalesce into yet, so the owner's call may end.
            throttle.clock().set(DUE);
            let _ = owner.join().expect("no panic");
        }
    })
    .at_least(1000)
    .reached(&waited, "the rival performed the run that was waited for")
    .passed();
}

#[test]
fn by_a_flush() {
    by_another("a flush", |throttle| throttle.flush(|| ()).is_ok());
}

#[test]
fn by_a_call_that_only_tries() {
    by_another("a call that only tries", |throttle| throttle.try_run(|| ()).is_ok());
}

/// An owner at its limit leaves the run owed, and wakes the threads that wait for it.
#[test]
fn by_an_owner_that_leaves() {
    let told = Tally::new();
    let counted = told.clone();
    explore(bounded(), &[G5, G6], "an owner that leaves wakes whoever waits for the run", move || {
        let throttle = Arc::new(after_a_run());
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
            let waited = handle.wait();
            clock.join().expect("no panic");
            let left = owner.join().expect("no panic");
            // An owner that was not asleep may decide by the threshold from before the change, and run.
            assert_eq!(waited, if left { Err(WaitError::Owed) } else { Ok(()) });
            counted.count_if(left);
        } else {
            // There is nothing to coalesce into yet, so the owner's call may end.
            throttle.clock().set(DUE);
            assert!(!owner.join().expect("no panic"));
        }
    })
    .at_least(500)
    .reached(&told, "a call was told")
    .passed();
}
