//! G9: every operation may be called from inside a run. None deadlocks.

mod support;

use atomic_throttle::{Clock, Manual, Moved, NotFlushed, Outcome, Refused, Throttle, Timestamp, WaitError};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;
use support::{SECOND, after_a_run, at, until};
use watchdog as _;

#[test]
fn a_nested_run_leaves_the_run_owed_to_the_next_call() {
    let throttle = Throttle::with_clock(SECOND, Manual::new(at(1)));
    let outcome = throttle.run(|| {
        assert!(matches!(throttle.run(|| panic!("it cannot run here")), Outcome::Owed));
        assert!(throttle.snapshot().is_owed());
        // Once more, and with a limit: still no deadlock.
        assert!(matches!(throttle.run_within(SECOND, || ()), Ok(Outcome::Owed)));
    });
    assert!(outcome.ran());
    assert!(throttle.snapshot().is_owed(), "visible after the run");
    throttle.clock().set(at(2));
    assert!(throttle.run(|| ()).ran());
    assert!(!throttle.snapshot().is_owed());
}

#[test]
fn a_nested_run_coalesces_where_one_is_pending() {
    let throttle = Throttle::with_clock(SECOND, Manual::new(at(1)));
    thread::scope(|scope| {
        let mut owner = None;
        let outcome = throttle.run(|| {
            owner = Some(scope.spawn(|| throttle.run(|| ()).ran()));
            until(|| throttle.is_pending());
            let Outcome::Coalesced(handle) = throttle.run(|| ()) else { panic!("one is pending") };
            assert_eq!(handle.wait(), Err(WaitError::InsideRun));
            assert_eq!(handle.wait_for(SECOND), Err(WaitError::InsideRun));
        });
        assert!(outcome.ran());
        throttle.clock().set(at(2));
        assert!(owner.expect("it was spawned").join().expect("no panic"));
    });
}

#[test]
fn the_other_operations_inside_a_run() {
    let throttle = Throttle::with_clock(SECOND, Manual::new(at(1)));
    let outcome = throttle.run(|| {
        assert_eq!(throttle.try_run(|| ()), Err(Refused::Running));
        assert_eq!(throttle.flush(|| ()), Err(NotFlushed::Running));
        assert!(!throttle.cancel());
        assert!(throttle.snapshot().running);
        assert_eq!(throttle.snapshot().last_run_at, Some(at(1)));
        throttle.set_threshold(SECOND / 2);
        assert!(matches!(throttle.run(|| ()), Outcome::Owed));
        assert!(throttle.cancel(), "what is owed can be cancelled");
    });
    assert!(outcome.ran());
    assert!(!throttle.snapshot().is_owed());
}

#[test]
fn inside_a_deferred_a_tried_and_a_flushed_run() {
    let throttle = after_a_run(SECOND);
    let nested = || matches!(throttle.run(|| ()), Outcome::Owed);
    thread::scope(|scope| {
        let owner = scope.spawn(|| throttle.run(nested).into_value());
        until(|| throttle.is_pending());
        throttle.clock().set(at(2));
        assert_eq!(owner.join().expect("no panic"), Some(true));
    });
    assert_eq!(throttle.flush(nested), Ok(true), "what the run before left owed is flushed");
    throttle.clock().set(at(4));
    assert_eq!(throttle.try_run(nested), Ok(true));
}

/// Another thread inside a run is no nested call: it waits its turn.
#[test]
fn another_thread_is_not_inside() {
    let throttle = Throttle::with_clock(SECOND, Manual::new(at(1)));
    thread::scope(|scope| {
        let mut other = None;
        let outcome = throttle.run(|| {
            other = Some(scope.spawn(|| throttle.run(|| 5).into_value()));
            until(|| throttle.is_pending());
            throttle.clock().set(at(2));
        });
        assert!(outcome.ran());
        assert_eq!(other.expect("it was spawned").join().expect("no panic"), Some(5));
    });
}

/// A thread that has left its run is not inside it any more, nor is one that runs another throttle.
#[test]
fn a_run_of_one_throttle_inside_a_run_of_another() {
    let outer = Throttle::with_clock(SECOND, Manual::new(at(1)));
    let inner = after_a_run(SECOND);
    let outcome = outer.run(|| {
        thread::scope(|scope| {
            scope.spawn(|| {
                until(|| inner.is_pending());
                inner.clock().set(at(2));
            });
            inner.run(|| ()).ran()
        })
    });
    assert!(matches!(outcome, Outcome::RanAtOnce(true)));
}

/// A clock that goes back by a nanosecond at each reading, when told to.
struct Receding {
    clock: Manual,
    recedes: AtomicBool,
}

impl Clock for Receding {
    fn now(&self) -> Timestamp {
        if self.recedes.load(Relaxed) {
            self.clock.go_back(Duration::from_nanos(1));
        }
        self.clock.now()
    }

    fn moved(&self) -> Option<&Moved> {
        self.clock.moved()
    }
}

#[test]
fn no_clock_makes_a_wait_inside_a_run_block() {
    let clock = Receding { clock: Manual::new(at(1)), recedes: AtomicBool::new(false) };
    let throttle = Throttle::with_clock(SECOND, clock);
    thread::scope(|scope| {
        let mut owner = None;
        let outcome = throttle.run(|| {
            owner = Some(scope.spawn(|| throttle.run(|| ()).ran()));
            until(|| throttle.is_pending());
            let Outcome::Coalesced(handle) = throttle.run(|| ()) else { panic!("one is pending") };
            throttle.clock().recedes.store(true, Relaxed);
            assert_eq!(handle.wait(), Err(WaitError::InsideRun));
            assert_eq!(handle.wait_for(Duration::ZERO), Err(WaitError::InsideRun));
            throttle.clock().recedes.store(false, Relaxed);
        });
        assert!(outcome.ran());
        throttle.clock().clock.set(at(9));
        assert!(owner.expect("it was spawned").join().expect("no panic"));
    });
}

#[test]
fn the_covering_run_cannot_be_waited_for_inside_itself() {
    let throttle = after_a_run(SECOND);
    thread::scope(|scope| {
        let (sender, receiver) = std::sync::mpsc::channel();
        let throttle = &throttle;
        let owner = scope.spawn(move || {
            throttle.run(|| {
                let handle: atomic_throttle::Coalesced<'_, Manual> = receiver.recv().expect("it is sent");
                handle.wait()
            })
        });
        until(|| throttle.is_pending());
        let Outcome::Coalesced(handle) = throttle.run(|| ()) else { panic!("one is pending") };
        sender.send(handle).expect("the owner lives");
        throttle.clock().set(at(2));
        let outcome = owner.join().expect("no panic");
        assert!(matches!(outcome, Outcome::RanDeferred(Err(WaitError::InsideRun))), "{outcome:?}");
        assert_eq!(handle.wait(), Ok(()));
    });
}

#[test]
fn a_wait_inside_a_run_is_answered_where_no_waiting_is_needed() {
    let throttle = Throttle::with_clock(SECOND, Manual::new(at(1)));
    thread::scope(|scope| {
        let mut owner = None;
        let outcome = throttle.run(|| {
            owner = Some(scope.spawn(|| throttle.run(|| ()).ran()));
            until(|| throttle.is_pending());
            let Outcome::Coalesced(handle) = throttle.run(|| ()) else { panic!("one is pending") };
            assert!(throttle.cancel());
            assert_eq!(handle.wait(), Err(WaitError::Cancelled));
        });
        assert!(outcome.ran());
        assert!(!owner.expect("it was spawned").join().expect("no panic"));
    });
}
