//! G3 for the count of a `Throttle`: the total is exact, and a call that coalesced is in the count of the run that
//! covers it or of an earlier one. A run that has no call to tell of does not call its function, which is seen to happen.

use atomic_throttle::{Count, Manual, Outcome, Throttle};
use evidence::Guarantee::G3;
use evidence::depth;
use loom::sync::atomic::{AtomicU64, Ordering::Relaxed};
use loom::thread;
use loom_tests::{Bound, LEADING, THRESHOLD, Tally, explore};
use std::sync::Arc;
use std::time::Duration;
use watchdog as _;

fn bounded() -> Bound {
    depth(Bound::Preemptions(3), Bound::Preemptions(5))
}

/// A first run has started at `LEADING`, has counted its own call, and has finished.
fn after_a_run() -> Throttle<Manual, Count> {
    let counted = Throttle::counting_with_clock(THRESHOLD.as_duration(), Manual::new(LEADING));
    assert_eq!(counted.try_run(|calls| calls), Ok(1));
    counted
}

/// The model has three threads, so it does not try all interleavings.
#[test]
fn a_call_that_coalesces_is_told_to_the_run_that_covers_it() {
    let bound = depth(Bound::Preemptions(2), Bound::Preemptions(3));
    let (coalesced, left) = (Tally::new(), Tally::new());
    let (coalesced_in, left_in) = (coalesced.clone(), left.clone());
    explore(bound, &[G3], "the count of a call that coalesces, or is refused", move || {
        let counted = Arc::new(after_a_run());
        let owner = thread::spawn({
            let counted = Arc::clone(&counted);
            // It runs, or the other's run covers it.
            move || counted.run(|calls| calls).into_value().unwrap_or(0)
        });
        // Ends every window.
        let opener = thread::spawn({
            let counted = Arc::clone(&counted);
            move || counted.set_threshold(Duration::ZERO)
        });
        let (here, told) = match counted.run_within(Duration::ZERO, |calls| calls) {
            Ok(Outcome::Coalesced(_)) => (0, true),
            Ok(outcome) => (outcome.into_value().unwrap_or(0), false),
            Err(_) => (0, false),
        };
        let there = owner.join().expect("no panic");
        opener.join().expect("no panic");
        let outstanding = counted.outstanding();
        assert_eq!(here + there + outstanding, 2, "exact in total");
        assert!(!told || outstanding == 0, "G3: no run was told of a call that is covered");
        coalesced_in.count_if(told);
        left_in.count_if(outstanding == 1);
    })
    .at_least(1000)
    .reached(&coalesced, "the call coalesced")
    .reached(&left, "a refused call stayed counted")
    .passed();
}

/// Without a window each call is performed by its own thread, at once or when the other has finished.
#[test]
fn two_runs_are_told_of_two_calls() {
    let (one_each, none) = (Tally::new(), Tally::new());
    let (one_each_in, none_in) = (one_each.clone(), none.clone());
    explore(bounded(), &[G3], "what two runs are told, and that one may be told of none", move || {
        let shared = Arc::new((
            Throttle::counting_with_clock(Duration::ZERO, Manual::new(LEADING)),
            AtomicU64::new(0),
        ));
        let call = |shared: &(Throttle<Manual, Count>, AtomicU64)| {
            let outcome = shared.0.run(|calls| {
                assert!(calls > 0, "a run without a call");
                // A run excludes the other one, so this is no race.
                shared.1.store(shared.1.load(Relaxed) + calls, Relaxed);
                calls
            });
            if let Outcome::Coalesced(handle) = &outcome {
                assert_eq!(handle.wait(), Ok(()), "the other run was told of it");
                assert_eq!(shared.1.load(Relaxed), 2, "and has finished");
            }
            outcome.into_value().unwrap_or(0)
        };
        let other = thread::spawn({
            let shared = Arc::clone(&shared);
            move || call(&shared)
        });
        let here = call(&shared);
        let there = other.join().expect("no panic");
        assert_eq!(here + there, 2, "exact in total");
        assert_eq!(shared.1.load(Relaxed), 2);
        assert_eq!(shared.0.outstanding(), 0, "reported, and nobody had to call once more");
        one_each_in.count_if(here == 1);
        none_in.count_if(here == 0 || there == 0);
    })
    .at_least(100)
    .reached(&one_each, "each was told of one")
    .reached(&none, "one was told of both, the other of none")
    .passed();
}
