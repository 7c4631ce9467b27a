//! `Latest`: the newest value is given to a run.

use super::support::{SECOND, at, panic_quietly};
use atomic_throttle::{Ended, Latest, Manual, Pending, Reason, Shutdown, Throttled};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};

/// A throttle that sends what each run is given to the test.
fn told(clock: &Arc<Manual>) -> (Throttled<Latest<u32>>, Receiver<u32>) {
    let (sender, given) = mpsc::channel();
    let builder = Throttled::builder(SECOND).clock(Arc::clone(clock)).pending_on_drop(Pending::Discard);
    (builder.latest().spawn(move |value| sender.send(*value).unwrap()).expect("a thread"), given)
}

#[test]
fn the_newest_value_is_given_and_older_ones_are_not() {
    let clock = Arc::new(Manual::new(at(1)));
    let (newest, given) = told(&clock);
    newest.trigger(0).expect("it goes on").wait().expect("it completes");
    for value in 1..=3 {
        newest.trigger(value).expect("it goes on");
    }
    clock.set(at(2));
    newest.all().wait().expect("it completes");
    assert_eq!(given.try_iter().collect::<Vec<_>>(), [0, 3]);
    assert!(!newest.is_pending());
}

#[test]
fn a_cancelled_value_comes_with_the_next_run_unless_it_is_replaced_or_taken() {
    let clock = Arc::new(Manual::new(at(1)));
    let (newest, given) = told(&clock);
    newest.trigger(0).expect("it goes on").wait().expect("it completes");
    newest.trigger(1).expect("it goes on");
    assert!(newest.cancel());
    assert_eq!(newest.take(), Some(1));
    newest.trigger(2).expect("it goes on");
    assert!(newest.cancel());
    newest.trigger(3).expect("it goes on");
    assert_eq!(newest.take(), Some(3), "the newer one, and the run is given up");
    assert!(!newest.is_pending());
    assert_eq!(newest.take(), None);
    assert_eq!(given.try_iter().collect::<Vec<_>>(), [0]);
}

#[test]
fn after_the_end_a_value_is_handed_back() {
    let clock = Arc::new(Manual::new(at(1)));
    let (newest, given) = told(&clock);
    newest.trigger(0).expect("it goes on").wait().expect("it completes");
    newest.trigger(1).expect("it goes on");
    assert_eq!(newest.shutdown(Pending::Discard).wait(), Ok(Shutdown::Discarded));
    let rejected = newest.trigger(2).expect_err("it has ended");
    assert_eq!((rejected.value, rejected.reason), (2, Reason::Ended(Ended::ShutDown)));
    let weak = newest.downgrade();
    assert_eq!(weak.trigger(3).expect_err("it has ended").value, 3);
    assert_eq!(newest.take(), Some(1), "what the end has discarded");
    drop(newest);
    let rejected = weak.trigger(4).expect_err("it is gone");
    assert_eq!((rejected.value, rejected.reason), (4, Reason::Ended(Ended::ShutDown)));
    assert_eq!(given.iter().collect::<Vec<_>>(), [0]);
}

/// A flush takes what it is given when it starts, although the thread performs it later.
#[test]
fn a_flushed_run_is_given_what_was_there_when_it_started() {
    let clock = Arc::new(Manual::new(at(1)));
    let (go, gate) = mpsc::channel::<()>();
    let (sender, given) = mpsc::channel();
    let f = move |value: &u32| {
        sender.send(*value).unwrap();
        let _ = gate.recv();
    };
    let builder = Throttled::builder(SECOND).clock(Arc::clone(&clock)).pending_on_drop(Pending::Discard);
    let newest = builder.latest().spawn(f).expect("a thread");
    newest.trigger(0).expect("it goes on");
    assert_eq!(given.recv(), Ok(0));
    go.send(()).unwrap();
    newest.all().wait().expect("it completes");
    // The thread sleeps now. What it performs next was started by the flush, before the value 2 came.
    newest.trigger(1).expect("it goes on");
    newest.flush().expect("a run is pending");
    let later = newest.trigger(2).expect("it goes on");
    assert_eq!(given.recv(), Ok(1));
    go.send(()).unwrap();
    clock.set(at(3));
    assert_eq!(given.recv(), Ok(2));
    go.send(()).unwrap();
    assert_eq!(later.wait(), Ok(()));
}

/// What a value does when it is dropped is the user's, and the throttle goes on.
#[test]
fn a_value_that_panics_when_it_is_dropped_ends_nothing() {
    struct PanicsOnDrop(Arc<Mutex<u32>>);
    impl Drop for PanicsOnDrop {
        fn drop(&mut self) {
            *self.0.lock().unwrap() += 1;
            panic_quietly();
        }
    }
    let dropped = Arc::new(Mutex::new(0));
    let clock = Arc::new(Manual::new(at(1)));
    let builder = Throttled::builder(SECOND).clock(Arc::clone(&clock));
    let newest = builder.latest().spawn(|_: &PanicsOnDrop| ()).expect("a thread");
    for runs in 1..=3 {
        newest.trigger(PanicsOnDrop(Arc::clone(&dropped))).expect("it goes on").wait().expect("it completes");
        assert_eq!((newest.runs(), *dropped.lock().unwrap()), (runs, u32::try_from(runs).unwrap()));
        clock.advance(SECOND);
    }
    assert_eq!(newest.shutdown(Pending::Finish).wait(), Ok(Shutdown::Idle));
}
