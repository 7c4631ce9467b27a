//! G5: every call returns, because no wake-up is lost. A lost one leaves a thread that waits for ever, which
//! shuttle reports as a deadlock.
//!
//! In each model only one thing wakes the waiting threads, so that nothing makes up for it.

use super::{CALLERS, WINDOW, after_a_run, end_the_window, is_idle, throttle, until, was_deferred};
use crate::subject::{Coalesced, Manual, Outcome, Throttle, WaitError};
use schedules::Tally;
use shuttle::thread;
use std::time::Duration;

/// A call whose run nobody takes away. Returns whether it ran.
fn call(throttle: &Throttle<Manual>, deferred: &Tally) -> bool {
    let outcome = throttle.run(|| ());
    deferred.count_if(was_deferred(&outcome));
    match outcome {
        Outcome::RanAtOnce(()) | Outcome::RanDeferred(()) => true,
        Outcome::Coalesced(handle) => {
            assert_eq!(handle.wait(), Ok(()));
            false
        }
        Outcome::Cancelled | Outcome::Owed => panic!("nobody cancels, and nobody is inside a run"),
    }
}

/// Two calls of each of four threads. Those that coalesce wait for their run.
fn many_calls(threshold: Duration, deferred: &Tally, after_a_run: fn(&Throttle<Manual>)) {
    let throttle = throttle(threshold);
    thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                for _ in 0..2 {
                    if call(&throttle, deferred) {
                        after_a_run(&throttle);
                    }
                }
            });
        }
    });
    assert!(is_idle(&throttle));
}

pub fn by_the_clock(deferred: &Tally) {
    many_calls(WINDOW, deferred, end_the_window);
}

/// There are no windows: a waiting thread waits for the end of a run.
pub fn by_a_finish(deferred: &Tally) {
    many_calls(Duration::ZERO, deferred, |_| ());
}

/// An owner waits, and three threads wait by the handles of coalesced calls, while `disturb` happens.
fn one_disturbance(
    waited: &Tally,
    disturb: fn(&Throttle<Manual>),
    owner_ends: fn(&Outcome<(), Coalesced<'_, Manual>>) -> bool,
    handles_end: &Result<(), WaitError>,
) {
    let throttle = after_a_run();
    thread::scope(|scope| {
        scope.spawn(|| {
            let outcome = throttle.run_within(WINDOW, || ()).expect("it is due by then");
            assert!(owner_ends(&outcome), "{outcome:?}");
        });
        until(|| throttle.is_pending());
        let Outcome::Coalesced(handle) = throttle.run(|| ()) else { panic!("one is pending") };
        for _ in 0..3 {
            scope.spawn(move || assert_eq!(handle.wait(), *handles_end));
        }
        disturb(&throttle);
    });
    waited.count();
}

pub fn by_a_shorter_threshold(waited: &Tally) {
    one_disturbance(waited, |throttle| throttle.set_threshold(Duration::ZERO), was_deferred, &Ok(()));
}

pub fn by_a_cancel(waited: &Tally) {
    one_disturbance(
        waited,
        |throttle| assert!(throttle.cancel()),
        |outcome| matches!(outcome, Outcome::Cancelled),
        &Err(WaitError::Cancelled),
    );
}

pub fn by_a_flush(waited: &Tally) {
    one_disturbance(
        waited,
        |throttle| assert_eq!(throttle.flush(|| ()), Ok(())),
        |outcome| matches!(outcome, Outcome::Coalesced(_)),
        &Ok(()),
    );
}

/// A longer threshold holds the owner up, and it leaves at its limit.
pub fn by_an_owner_that_leaves(waited: &Tally) {
    one_disturbance(
        waited,
        |throttle| {
            throttle.set_threshold(WINDOW * 4);
            throttle.clock().advance(WINDOW);
        },
        |outcome| matches!(outcome, Outcome::Owed),
        &Err(WaitError::Owed),
    );
}

/// The function of a flush may wait for the call whose run it took: that call is released before.
pub fn before_the_function_of_a_flush(flushed: &Tally) {
    let throttle = after_a_run();
    thread::scope(|scope| {
        let owner = scope.spawn(|| matches!(throttle.run(|| ()), Outcome::Coalesced(_)));
        until(|| throttle.is_pending());
        assert_eq!(throttle.flush(|| owner.join().expect("no panic")), Ok(true));
    });
    flushed.count();
}
