//! G5 and G9: the background thread, and the threads that wait for it, are woken by each of four events: a
//! call, a flush, the end of a run, and the end of the thread. Each notification is left out in turn, and each
//! time loom finds a deadlock.

use crate::fault::{Fault, leave_out_notification, plant};
use atomic_throttle::Manual;
use atomic_throttle::Throttled;
use atomic_throttle::WaitError;
use atomic_throttle::{Pending, Shutdown};
use evidence::Guarantee::{self, G5, G9};
use evidence::caught;
use loom_tests::{Bound, Tally, ends_in_a_deadlock, explore, search};
use loom_tests::{LEADING, THRESHOLD};
use std::sync::{Arc, OnceLock};

fn throttled(f: impl FnMut() + Send + 'static) -> Throttled {
    let clock = Arc::new(Manual::new(LEADING));
    Throttled::builder(THRESHOLD.as_duration()).clock(clock).spawn(f).expect("a thread")
}

/// The event that leaves its notification out.
#[derive(Clone, Copy, PartialEq)]
enum Silent {
    Nothing,
    Call,
    Flush,
    RunEnd,
    ThreadEnd,
}

/// The thread drops it just before its end.
struct Last(Silent);

impl Drop for Last {
    fn drop(&mut self) {
        if self.0 == Silent::ThreadEnd {
            leave_out_notification();
        }
    }
}

/// A call, a second one inside the window, which is flushed, and an end.
fn a_life(silent: Silent) {
    let last = Last(silent);
    let throttled = throttled(move || {
        let last = &last;
        if last.0 == Silent::RunEnd {
            leave_out_notification();
        }
    });
    if silent == Silent::Call {
        leave_out_notification();
    }
    assert_eq!(throttled.trigger().expect("it goes on").wait(), Ok(()));
    let second = throttled.trigger().expect("it goes on");
    if silent == Silent::Flush {
        leave_out_notification();
    }
    throttled.flush().expect("one is pending");
    assert_eq!(second.wait(), Ok(()));
    assert_eq!(throttled.shutdown(Pending::Finish).wait(), Ok(Shutdown::Idle));
    assert_eq!(throttled.runs(), 2);
}

/// The run waits for itself, and the wait is refused.
fn a_wait_inside() {
    let slot: Arc<OnceLock<Throttled>> = Arc::default();
    let inside = Arc::clone(&slot);
    let throttled = throttled(move || {
        let waited = inside.get().map(|throttled| throttled.all().wait());
        assert!(matches!(waited, None | Some(Err(WaitError::InsideRun))));
    });
    assert!(slot.set(throttled.clone()).is_ok());
    assert_eq!(throttled.trigger().expect("it goes on").wait(), Ok(()));
    assert_eq!(throttled.shutdown(Pending::Finish).wait(), Ok(Shutdown::Idle));
}

const BOUND: Bound = Bound::Preemptions(2);

type Model = fn();

#[test]
fn as_they_are() {
    let models: [(&[Guarantee], &str, Model); 2] = [
        (&[G5], "the background thread and whoever waits for it", || a_life(Silent::Nothing)),
        (&[G9], "the background thread waits for itself", a_wait_inside),
    ];
    for (guarantees, claim, model) in models {
        let ended = Tally::new();
        let counted = ended.clone();
        explore(BOUND, guarantees, claim, move || {
            model();
            counted.count();
        })
        .at_least(50)
        .reached(&ended, "it ended")
        .passed();
    }
}

/// `test` is the name of the calling test.
fn deadlocks(test: &str, fault: &str, planted: Fault, model: fn()) {
    let found = ends_in_a_deadlock(&format!("worker_is_woken::{test}"), || {
        plant(planted);
        search(BOUND, model);
    });
    assert!(found, "{fault}: no deadlock was found");
    caught(fault, "loom: a deadlock");
}

#[test]
fn not_by_a_call() {
    let fault = "the background thread is not told of a call";
    deadlocks("not_by_a_call", fault, Fault::Nothing, || a_life(Silent::Call));
}

#[test]
fn not_by_a_flush() {
    let fault = "the background thread is not told of a flush";
    deadlocks("not_by_a_flush", fault, Fault::Nothing, || a_life(Silent::Flush));
}

#[test]
fn not_by_the_end_of_a_run() {
    let fault = "nobody is told of the end of a run in the background";
    deadlocks("not_by_the_end_of_a_run", fault, Fault::Nothing, || a_life(Silent::RunEnd));
}

#[test]
fn not_by_the_end_of_the_thread() {
    let fault = "nobody is told of the end of the background thread";
    deadlocks("not_by_the_end_of_the_thread", fault, Fault::Nothing, || a_life(Silent::ThreadEnd));
}

#[test]
fn looks_before_it_listens() {
    let fault = "a background thread that looks before it listens";
    deadlocks("looks_before_it_listens", fault, Fault::LooksBeforeItListens, || a_life(Silent::Nothing));
}

#[test]
fn weak_fences() {
    let fault = "fences of the background thread and its callers that are Release and Acquire alone";
    deadlocks("weak_fences", fault, Fault::WeakFences, || a_life(Silent::Nothing));
}

#[test]
fn does_not_know_itself() {
    let fault = "a background thread that does not recognize itself";
    deadlocks("does_not_know_itself", fault, Fault::NoIdentity, a_wait_inside);
}
