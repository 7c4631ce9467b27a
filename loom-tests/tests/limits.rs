//! G5: a call that waits no longer than its limit comes back. Time does not pass by itself in a model: it
//! passes when a thread moves the clock, at any point of the other threads.

use atomic_throttle::{Outcome, WaitError};
use evidence::Guarantee::{G5, G6};
use evidence::depth;
use loom::thread;
use loom_tests::{Bound, DUE, SECOND_DUE, THRESHOLD, Tally, after_a_run, explore};
use std::sync::Arc;
use std::time::Duration;
use watchdog as _;

/// An owner at its limit leaves the run owed, and the next call adopts it.
#[test]
fn of_an_owner() {
    let (ran, owed) = (Tally::new(), Tally::new());
    let (ran_in, owed_in) = (ran.clone(), owed.clone());
    let bound = depth(Bound::Preemptions(3), Bound::Preemptions(5));
    explore(bound, &[G5, G6], "the limit of an owner against a longer threshold", move || {
        let throttle = Arc::new(after_a_run());
        let owner = thread::spawn({
            let throttle = Arc::clone(&throttle);
            move || match throttle.run_within(THRESHOLD.as_duration(), || ()) {
                Ok(Outcome::Owed) => true,
                Ok(Outcome::RanAtOnce(()) | Outcome::RanDeferred(())) => false,
                // The threshold was longer when the call came: nothing was recorded.
                Err(refused) => {
                    assert_eq!(refused.retry_at(), Some(SECOND_DUE));
                    false
                }
                Ok(outcome) => panic!("{outcome:?} where nobody else calls"),
            }
        });
        throttle.set_threshold(Duration::from_nanos(20));
        throttle.clock().set(DUE);
        // An owner may have come so late that its limit is later, too.
        throttle.clock().set(SECOND_DUE);
        let left = owner.join().expect("no panic");
        let seen = throttle.snapshot();
        assert_eq!(seen.is_owed(), left, "G6: the run is lost");
        assert!(!seen.running && seen.next_run_at.is_none());
        if left {
            assert!(throttle.run(|| ()).ran(), "the next call adopts the run");
            assert!(!throttle.snapshot().is_owed());
        }
        ran_in.count_if(!left);
        owed_in.count_if(left);
    })
    .at_least(500)
    .reached(&ran, "the owner ran, or was refused")
    .reached(&owed, "the owner left at its limit")
    .passed();
}

/// A wait by the handle of a coalesced call ends at its limit, and may begin again.
#[test]
fn of_a_wait() {
    let (in_time, too_late) = (Tally::new(), Tally::new());
    let (in_time_in, too_late_in) = (in_time.clone(), too_late.clone());
    let bound = depth(Bound::Preemptions(2), Bound::Preemptions(3));
    explore(bound, &[G5], "the limit of a wait against the covering run", move || {
        let throttle = Arc::new(after_a_run());
        let owner = thread::spawn({
            let throttle = Arc::clone(&throttle);
            move || throttle.run(|| ()).ran()
        });
        if let Ok(Outcome::Coalesced(handle)) = throttle.run_within(Duration::ZERO, || ()) {
            let clock = thread::spawn({
                let throttle = Arc::clone(&throttle);
                move || throttle.clock().set(DUE)
            });
            match handle.wait_for(Duration::from_nanos(10)) {
                Ok(()) => in_time_in.count(),
                Err(why) => {
                    assert_eq!(why, WaitError::TimedOut);
                    assert_eq!(handle.wait(), Ok(()), "the run comes");
                    too_late_in.count();
                }
            }
            clock.join().expect("no panic");
        } else {
            // There is nothing to coalesce into yet, so the owner's call may end.
            throttle.clock().set(DUE);
        }
        assert!(owner.join().expect("no panic"));
    })
    .at_least(1000)
    .reached(&in_time, "the run finished within the limit")
    .reached(&too_late, "the limit passed")
    .passed();
}
