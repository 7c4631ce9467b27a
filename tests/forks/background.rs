//! Front ends with a thread: the child does not have it.

use super::support::{SECOND, at, until};
use super::{Finally, held, throttled};
use atomic_throttle::{Count, Ended, Manual, NotFlushed, Pending, Throttled, WaitError};
use evidence::Check;
use evidence::Guarantee::{G3, G6};
use forked::in_child;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

/// Nothing is pending: the first call of the child says that no run comes.
#[test]
fn a_child_s_first_call_is_refused() {
    let check = Check::of(&[G3], "tests: in a forked child no call on a Throttled is taken and lost");
    let (throttled, let_go) = throttled();
    let weak = throttled.downgrade();
    let mut own = Some(throttled.clone());
    in_child(|| {
        let throttled = own.take().unwrap();
        assert_eq!(throttled.trigger().err(), Some(Ended::Forked));
        assert_eq!(weak.trigger(), Err(Ended::Forked));
        assert_eq!(throttled.all().wait(), Ok(()), "nothing was requested");
        assert_eq!(throttled.flush().map(drop), Err(NotFlushed::Ended));
        assert!(!throttled.cancel());
        throttled.set_threshold(Duration::ZERO);
    });
    // In the parent nothing has changed.
    let_go.send(()).unwrap();
    assert_eq!(throttled.trigger().unwrap().wait(), Ok(()));
    check.passed(1, "child");
}

/// A run is in progress, and another one pending. All that waits returns, and what is pending is owed.
#[test]
fn a_child_waits_for_no_thread_of_its_parent() {
    let check = Check::of(&[G3], "tests: in a forked child what a Throttled had pending is owed");
    let (throttled, let_go) = throttled();
    let before = throttled.trigger().unwrap();
    until(|| {
        let seen = throttled.snapshot();
        seen.running && seen.next_run_at.is_none()
    });
    let coalesced = throttled.trigger().unwrap();
    in_child(|| {
        assert!(throttled.is_pending() && throttled.trigger().is_ok(), "it does not look");
        for handle in [before, coalesced] {
            assert_eq!(handle.wait(), Err(WaitError::Forked));
            assert_eq!(handle.wait_for(Duration::MAX), Err(WaitError::Forked));
        }
        assert!(throttled.snapshot().is_owed(), "now it has looked");
        assert_eq!(throttled.trigger().err(), Some(Ended::Forked));
        assert_eq!(throttled.all().wait(), Err(WaitError::Forked));
        assert_eq!(throttled.all().wait_for(Duration::MAX), Err(WaitError::Forked));
        assert_eq!(throttled.flush().map(drop), Err(NotFlushed::Ended));
        assert_eq!(throttled.shutdown(Pending::Finish).wait(), Err(WaitError::Forked));
        assert_eq!(throttled.shutdown(Pending::Discard).wait_for(Duration::MAX), Err(WaitError::Forked));
        assert!(throttled.cancel(), "what is owed");
    });
    assert!(throttled.is_pending());
    let_go.send(()).unwrap();
    assert_eq!(before.wait(), Ok(()));
    assert!(throttled.shutdown(Pending::Discard).wait().is_ok());
    check.passed(1, "child");
}

fn dropped_in_child<H>(handle: H) {
    let mut handle = Some(handle);
    in_child(|| drop(handle.take()));
    drop(handle);
}

/// The drop of the last handle, of each front end that has a thread, in a child whose parent goes on.
#[test]
fn a_child_drops_what_it_has_at_once() {
    let check = Check::of(&[G6], "tests: in a forked child every drop of a last handle returns");
    let counted = |clock, f: Box<dyn FnMut() + Send>| -> Throttled<Count> {
        let mut f = f;
        Throttled::builder(SECOND).clock(clock).counting().spawn(move |_| f()).expect("a thread")
    };
    let (throttled, let_go) = throttled();
    drop(let_go);
    throttled.trigger().unwrap();
    dropped_in_child(throttled);
    let (counted, let_go) = held(counted);
    drop(let_go);
    counted.trigger().unwrap();
    dropped_in_child(counted);
    check.passed(2, "drops");
}

/// What a child starts itself is as ever.
#[test]
fn a_throttle_that_is_started_in_a_child_works() {
    let (inherited, _let_go) = throttled();
    let _ = inherited.trigger();
    in_child(|| {
        let (own, let_go) = throttled();
        let_go.send(()).unwrap();
        assert_eq!(own.trigger().unwrap().wait(), Ok(()));
        assert!(own.shutdown(Pending::Finish).wait().is_ok());
        drop(own);
    });
}
/// Forks are made while another thread decides, most of the time under the lock.
#[test]
fn a_child_does_not_wait_for_a_lock() {
    let throttled = Throttled::builder(SECOND).clock(Manual::new(at(1))).spawn(|| ()).expect("a thread");
    throttled.trigger().unwrap().wait().unwrap();
    let ends = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !ends.load(SeqCst) {
                let _ = (throttled.trigger(), throttled.flush(), throttled.cancel());
            }
        });
        let _end = Finally(|| ends.store(true, SeqCst));
        for _ in 0..100 {
            in_child(|| {
                assert_eq!(throttled.flush().map(drop), Err(NotFlushed::Ended));
                assert_eq!(throttled.trigger().err(), Some(Ended::Forked));
                assert_eq!(throttled.shutdown(Pending::Discard).wait(), Err(WaitError::Forked));
                throttled.cancel();
            });
        }
    });
    assert!(throttled.shutdown(Pending::Discard).wait().is_ok());
}
