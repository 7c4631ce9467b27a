//! What holds of a `Throttle` in a forked child. Its tests take turns: threads are numbered for all throttles of a process,
//! and here the process changes.

use atomic_throttle::{Manual, Outcome, Throttle, Timestamp, WaitError};
use evidence::Guarantee::{G3, G5};
use schedules::child::{self, Fault};
use schedules::{Tally, find, hold};
use shuttle::sync::{Condvar, Mutex};
use shuttle::thread;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;
use watchdog as _;

/// Calls. Returns whether the call waited for the thread that runs, and for nobody else.
fn call(throttle: &Throttle<Manual>) -> bool {
    match throttle.run(|| ()) {
        Outcome::RanAtOnce(()) => false,
        Outcome::RanDeferred(()) => true,
        Outcome::Coalesced(handle) => {
            let waited = handle.wait();
            assert!(matches!(waited, Ok(()) | Err(WaitError::Forked)), "{waited:?}");
            false
        }
        outcome => panic!("G3: {outcome:?}"),
    }
}

/// A thread of the parent runs at the fork, and for the child for ever. One thread of the child cannot know that, and
/// waits; the one that has forked knows it, and wakes it.
fn a_run_of_the_parent(waited: &Tally) {
    let throttle = Arc::new(Throttle::with_clock(Duration::ZERO, Manual::new(Timestamp::from_nanos(100))));
    let (is_inside, goes_on) =
        (Arc::new(AtomicBool::new(false)), Arc::new((Mutex::new(true), Condvar::new())));
    // From here on this thread has a number.
    assert!(!call(&throttle));
    let parent = {
        let (throttle, is_inside, goes_on) =
            (Arc::clone(&throttle), Arc::clone(&is_inside), Arc::clone(&goes_on));
        thread::spawn(move || {
            let outcome = throttle.run(|| {
                is_inside.store(true, SeqCst);
                let goes_on_now = goes_on.0.lock().expect("no panic");
                drop(goes_on.1.wait_while(goes_on_now, |goes_on| *goes_on));
            });
            assert!(outcome.ran());
        })
    };
    while !is_inside.load(SeqCst) {
        thread::yield_now();
    }
    child::fork();
    let other = {
        let (throttle, waited) = (Arc::clone(&throttle), waited.clone());
        thread::spawn(move || waited.count_if(call(&throttle)))
    };
    call(&throttle);
    other.join().expect("no panic");
    child::end();
    *goes_on.0.lock().expect("no panic") = false;
    goes_on.1.notify_all();
    parent.join().expect("no panic");
}

static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());

#[test]
fn a_child_does_not_wait_for_a_run_of_its_parent() {
    let _turn = TURN.lock().expect("no panic");
    let claim = "2 threads of a forked child, while one of the parent runs: no call waits for ever";
    hold(&[G3, G5], claim, a_run_of_the_parent);
}

#[test]
fn a_child_that_wakes_nobody() {
    let _turn = TURN.lock().expect("no panic");
    let named = "the thread that has forked ends the run of its parent, and wakes nobody";
    find(named, || child::plant(Some(Fault::WakesNobody)), a_run_of_the_parent, "deadlock");
    child::plant(None);
}
