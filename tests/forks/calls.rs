//! Front ends without a thread of their own: the callers that a child does not have.

use super::Finally;
use super::support::{SECOND, at, until};
use atomic_throttle::state::Finish;
use atomic_throttle::{
    Clock, Gate, Manual, Moved, NotFlushed, Outcome, Reason, Refused, Site, Threshold, Throttle, Timestamp,
    WaitError,
};
use evidence::Check;
use evidence::Guarantee::{G3, G5, G10};
use forked::in_child;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Holds a run of `throttle` in another thread while `what` is done.
fn during_a_run(throttle: &Throttle<Manual>, what: impl FnOnce()) {
    let (let_go, held) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(|| throttle.try_run(move || held.recv()).expect("it is open"));
        until(|| throttle.snapshot().running);
        what();
        drop(let_go);
    });
}

/// The run of a thread that the child does not have: the first call that would wait for it ends it.
#[test]
fn a_child_does_not_wait_for_a_run_of_its_parent() {
    let check = Check::of(&[G5], "tests: in a forked child a Throttle waits for no run of its parent");
    if !cfg!(any(target_os = "android", target_os = "linux")) {
        // Elsewhere the thread that forks is recognized only if it has used a throttle before.
        let _ = Throttle::new(SECOND).try_run(|| ());
    }
    let throttle = Throttle::with_clock(SECOND, Manual::new(at(1)));
    during_a_run(&throttle, || {
        in_child(|| {
            throttle.clock().set(at(2));
            assert_eq!(throttle.try_run(|| ()), Err(Refused::Running), "it does not look");
            let outcome = throttle.run(|| "here");
            assert!(matches!(outcome, Outcome::RanDeferred("here")), "{outcome:?}");
            throttle.clock().set(at(3));
            assert_eq!(throttle.try_run(|| ()), Ok(()));
        });
        assert!(throttle.snapshot().running, "in the parent nothing has changed");
    });
    check.passed(1, "child");
}

/// The same, with the handle of a call that waits for the run.
#[test]
fn a_child_does_not_wait_for_an_owner_in_its_parent() {
    let check =
        Check::of(&[G3], "tests: in a forked child what the owner in the parent was to perform is owed");
    let throttle = Throttle::with_clock(SECOND, Manual::new(at(1)));
    assert_eq!(throttle.try_run(|| ()), Ok(()));
    thread::scope(|scope| {
        scope.spawn(|| throttle.run(|| ()));
        let _end_of_window = Finally(|| throttle.clock().set(at(2)));
        until(|| throttle.is_pending());
        in_child(|| {
            let Outcome::Coalesced(handle) = throttle.run(|| ()) else { panic!("it is pending") };
            assert_eq!(handle.wait(), Err(WaitError::Owed));
            assert_eq!(handle.wait_for(Duration::MAX), Err(WaitError::Owed));
            throttle.clock().set(at(2));
            assert!(matches!(throttle.run(|| "adopted"), Outcome::RanAtOnce("adopted")));
            assert_eq!(handle.wait(), Ok(()));
        });
    });
    check.passed(1, "child");
}

/// The covering run is in progress in the parent.
#[test]
fn a_child_does_not_take_a_run_of_its_parent_for_done() {
    let throttle = Throttle::with_clock(SECOND, Manual::new(at(1)));
    assert_eq!(throttle.try_run(|| ()), Ok(()));
    let (let_go, held) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(|| throttle.run(move || held.recv()));
        until(|| throttle.is_pending());
        let Outcome::Coalesced(handle) = throttle.run(|| ()) else { panic!("it is pending") };
        throttle.clock().set(at(2));
        until(|| throttle.snapshot().running);
        in_child(|| assert_eq!(handle.wait(), Err(WaitError::Forked)));
        drop(let_go);
        assert_eq!(handle.wait(), Ok(()));
    });
}

/// Its own threads it does wait for.
#[test]
fn a_child_waits_for_its_own_threads() {
    let throttle = Throttle::with_clock(SECOND, Manual::new(at(1)));
    // The parent has used it.
    assert_eq!(throttle.try_run(|| ()), Ok(()));
    in_child(|| {
        throttle.clock().set(at(2));
        during_a_run(&throttle, || {
            thread::scope(|scope| {
                let waiting = scope.spawn(|| throttle.run(|| "after it").into_value());
                until(|| throttle.is_pending());
                throttle.clock().set(at(3));
                let Outcome::Coalesced(handle) = throttle.run(|| ()) else { panic!("it is pending") };
                assert_eq!(handle.wait_for(Duration::ZERO), Err(WaitError::TimedOut));
                let seen = throttle.snapshot();
                assert!(seen.running && seen.next_run_at.is_some() && !waiting.is_finished());
                throttle.cancel();
            });
        });
        // The thread that forked is inside of a run, and another one waits for it up to its limit.
        throttle.clock().set(at(9));
        let ran = throttle.try_run(|| {
            thread::scope(|scope| {
                let waiting =
                    scope.spawn(|| throttle.run_within(SECOND, || "overlaps").map(Outcome::into_value));
                until(|| throttle.is_pending());
                throttle.clock().set(at(10));
                assert_eq!(waiting.join().unwrap(), Ok(None));
            });
            assert!(throttle.snapshot().is_owed());
        });
        assert_eq!(ran, Ok(()));
    });
}

/// What never waits goes on in a child from where it was. A run that was in progress at the fork stays so: that is
/// written down.
#[test]
fn what_never_waits_goes_on_in_a_child() {
    let (site, gate) = (Site::with_clock(SECOND, Manual::new(at(1))), Gate::new(Threshold::new(SECOND)));
    drop(site.enter());
    let run = gate.try_start(at(1)).expect("it is open");
    in_child(|| {
        assert!(site.enter().is_none());
        assert_eq!(site.suppressed(), 1);
        assert!(gate.try_start(at(2)).is_err());
        // This process has no thread that is inside of the run.
        assert_eq!(gate.finish_lost(gate.state().epoch()), Finish::Finished);
        assert!(gate.try_start(at(2)).is_ok());
    });
    assert!(gate.state().is_running());
    drop(run);
    let entry = Site::with_clock(SECOND, Manual::new(at(1)));
    let inside = entry.enter().expect("it is open");
    in_child(|| assert!(entry.enter().is_none()));
    drop(inside);
    #[cfg(feature = "keyed")]
    {
        let keyed = atomic_throttle::Keyed::<u32, _>::with_clock(SECOND, Manual::new(at(1)));
        assert_eq!(keyed.try_run(&1, || ()), Ok(()));
        in_child(|| {
            assert!(keyed.try_run(&1, || ()).is_err());
            assert_eq!(keyed.try_run(&2, || ()), Ok(()));
        });
    }
}

/// Forks are made while another thread brings values, some of the time under the lock of the payload.
#[test]
fn a_child_does_not_wait_for_the_lock_of_a_throttles_payload() {
    let check = Check::of(&[G10], "tests: in a forked child a value is taken, or comes back");
    let throttle = Throttle::latest_with_clock(SECOND, Manual::new(at(1)));
    assert!(throttle.try_run([0_u64; 64], |_| ()).is_ok());
    let ends = AtomicBool::new(false);
    thread::scope(|scope| {
        let _ends = Finally(|| {
            ends.store(true, Relaxed);
            throttle.clock().set(at(2));
        });
        scope.spawn(|| throttle.run([1; 64], |_| ()).is_ok());
        until(|| throttle.is_pending());
        scope.spawn(|| {
            while !ends.load(Relaxed) {
                let _ = throttle.run_within([1; 64], Duration::ZERO, |_| ());
            }
        });
        for _ in 0..200 {
            in_child(|| {
                match throttle.run([2; 64], |_| ()) {
                    Ok(outcome) => assert!(matches!(outcome, Outcome::Coalesced(_)), "{outcome:?}"),
                    Err(rejected) => {
                        assert_eq!((rejected.value, rejected.reason), ([2; 64], Reason::Forked));
                        assert_eq!(throttle.flush(|_| ()), Err(NotFlushed::Ended));
                        assert_eq!(throttle.take(), None);
                        return;
                    }
                }
                assert_eq!(throttle.flush(|value| value), Ok([2; 64]));
            });
        }
    });
    check.passed(200, "children");
}

/// A clock that is asked for what wakes those who wait. In the thread that looks, it notes whether the run is in progress
/// then.
struct Looking(Manual);

static LOOKED_AT: Throttle<Looking> =
    Throttle::with_clock(SECOND, Looking(Manual::new(Timestamp::from_nanos(1))));

/// How often another thread has listened.
static LISTENS: AtomicUsize = AtomicUsize::new(0);

std::thread_local! {
    static LOOKS: Cell<bool> = const { Cell::new(false) };
    static SEEN: Cell<Option<bool>> = const { Cell::new(None) };
}

impl Clock for Looking {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn moved(&self) -> Option<&Moved> {
        if LOOKS.get() {
            SEEN.set(Some(LOOKED_AT.snapshot().running));
        } else {
            LISTENS.fetch_add(1, Relaxed);
        }
        self.0.moved()
    }
}

/// A thread of the child waits for a run that is in the parent, and cannot tell. The thread that forked can: it ends the
/// run, and wakes the other one after that, which would else look too soon and wait for ever.
#[test]
fn a_child_wakes_its_threads_after_a_lost_run_is_ended() {
    let check =
        Check::of(&[G5], "tests: in a forked child a run of the parent is ended, then who waits is woken");
    assert_eq!(LOOKED_AT.try_run(|| ()), Ok(()));
    let (let_go, held) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(|| LOOKED_AT.run(move || held.recv()));
        until(|| LOOKED_AT.is_pending());
        let Outcome::Coalesced(handle) = LOOKED_AT.run(|| ()) else { panic!("it is pending") };
        LOOKED_AT.clock().0.set(at(2));
        until(|| LOOKED_AT.snapshot().running);
        in_child(|| {
            let listens = LISTENS.load(Relaxed);
            thread::scope(|scope| {
                let waits = scope.spawn(|| handle.wait());
                until(|| LISTENS.load(Relaxed) > listens);
                LOOKS.set(true);
                assert_eq!(handle.wait(), Err(WaitError::Forked));
                assert_eq!(SEEN.get(), Some(false), "the other thread is woken while the run is in progress");
                assert_eq!(waits.join().expect("no panic"), Ok(()));
            });
        });
        drop(let_go);
    });
    check.passed(1, "child");
}
