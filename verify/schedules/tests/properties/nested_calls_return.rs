//! G9: every operation may be called inside a run, and none deadlocks. A nested call is covered, or stays
//! visibly owed.

use super::witness::Coverage;
use super::{CALLERS, WINDOW, end_the_window, throttle, was_deferred};
use crate::subject::{Manual, NotFlushed, Outcome, Refused, Throttle, WaitError};
use schedules::Tally;
use shuttle::thread;

/// Asks for another run inside of a run.
fn nested(throttle: &Throttle<Manual>, owed: &Tally) {
    match throttle.run(|| ()) {
        Outcome::Owed => owed.count(),
        Outcome::Coalesced(handle) => {
            assert_eq!(handle.wait(), Err(WaitError::InsideRun));
            assert_eq!(handle.wait_for(WINDOW), Err(WaitError::InsideRun));
        }
        outcome => panic!("inside a run: {outcome:?}"),
    }
}

/// Each caller's first call asks for another run inside its own. Nobody cancels.
pub fn inside_a_run(owed: &Tally) {
    let (throttle, coverage) = (throttle(WINDOW), Coverage::new());
    thread::scope(|scope| {
        for caller in 0..CALLERS {
            let (throttle, coverage) = (&throttle, &coverage);
            scope.spawn(move || {
                let outcome = throttle.run(|| {
                    coverage.read_words();
                    coverage.leave_word(Coverage::number(caller, 0));
                    nested(throttle, owed);
                });
                assert!(!matches!(outcome, Outcome::Owed), "a call from outside was taken for a nested one");
                if outcome.ran() {
                    end_the_window(throttle);
                }
            });
        }
    });
    let covers = || (0..CALLERS).all(|caller| is_covered(&coverage, caller));
    assert!(covers() || throttle.snapshot().is_owed(), "a nested call is neither covered nor owed");
    throttle.clock().advance(WINDOW);
    assert!(throttle.run(|| coverage.read_words()).ran());
    assert!(covers() && !throttle.snapshot().is_owed());
}

fn is_covered(coverage: &Coverage, caller: usize) -> bool {
    let number = Coverage::number(caller, 0);
    coverage.covers(number) || !coverage.has_word(number)
}

/// Runs call every other operation, while other threads call from outside.
pub fn with_every_operation(deferred: &Tally) {
    let throttle = throttle(WINDOW);
    let function = || {
        assert!(throttle.snapshot().running);
        assert_eq!(throttle.try_run(|| ()), Err(Refused::Running));
        assert_eq!(throttle.flush(|| ()), Err(NotFlushed::Running));
        let _ = throttle.run_within(WINDOW, || ());
        throttle.set_threshold(WINDOW);
        throttle.cancel();
        assert!(!matches!(throttle.run(|| ()), Outcome::RanAtOnce(()) | Outcome::RanDeferred(())));
    };
    thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                let outcome = throttle.run(function);
                deferred.count_if(was_deferred(&outcome));
                if outcome.ran() {
                    end_the_window(&throttle);
                }
            });
        }
    });
    let seen = throttle.snapshot();
    assert!(!seen.running && seen.next_run_at.is_none());
}
