//! G5: the thread of a `KeyedThrottled`, and the threads that wait for it, are woken by each of seven events: a
//! call, a flush, a cancel, a new threshold, the request for the end, the end of a run, and the end of the
//! thread. Each notification is left out in turn, and each time loom finds a deadlock.
//!
//! Two are not among them, because the end of the thread makes up for them: after a discard, and after a fatal
//! panic.

use crate::fault::{Fault, leave_out_notification, plant};
use crate::subject::{Pending, Shutdown, WaitError};
use crate::witness::Subject;
use evidence::Guarantee::G5;
use evidence::caught;
use loom::thread;
use loom_tests::{Bound, Tally, ends_in_a_deadlock, explore, search};
use std::time::Duration;

/// The event that leaves its notification out.
#[derive(Clone, Copy, PartialEq)]
enum Silent {
    Nothing,
    Call,
    Flush,
    Cancel,
    Threshold,
    EndAskedFor,
    RunEnd,
    ThreadEnd,
}

impl Silent {
    /// Call it before a notification of `this`.
    fn here(self, this: Self) {
        if self == this {
            leave_out_notification();
        }
    }
}

/// The thread drops it just before its end.
struct Last(Silent);

impl Drop for Last {
    fn drop(&mut self) {
        self.0.here(Silent::ThreadEnd);
    }
}

/// A first call, one inside the window that is flushed, one whose window becomes shorter, and an end.
fn a_life(silent: Silent) {
    let last = Last(silent);
    let inside = move || {
        let last = &last;
        last.0.here(Silent::RunEnd);
    };
    let subject = Subject::running(|builder| builder, inside);
    silent.here(Silent::Call);
    assert_eq!(subject.call(0, 0), Ok(()));
    assert_eq!(subject.throttled.all().wait(), Ok(()));
    assert_eq!(subject.call(0, 1), Ok(()));
    silent.here(Silent::Flush);
    assert_eq!(subject.throttled.flush(&0).map(drop), Ok(()));
    assert_eq!(subject.throttled.all().wait(), Ok(()));
    assert_eq!(subject.call(0, 2), Ok(()));
    silent.here(Silent::Threshold);
    subject.throttled.set_threshold(Duration::ZERO);
    assert_eq!(subject.throttled.all().wait(), Ok(()));
    silent.here(Silent::EndAskedFor);
    assert_eq!(subject.throttled.shutdown(Pending::Finish).wait(), Ok(Shutdown::Idle));
    assert!(subject.accounts(3, 0));
}

/// Another thread cancels a run inside the window, while a third one waits for it.
fn a_cancel(silent: Silent) {
    let subject = Subject::after_a_run(0);
    assert_eq!(subject.call(0, 1), Ok(()));
    let other = thread::spawn({
        let throttled = subject.throttled.clone();
        move || {
            silent.here(Silent::Cancel);
            throttled.cancel(&0)
        }
    });
    let waited = subject.throttled.all().wait();
    assert!(matches!(waited, Ok(()) | Err(WaitError::Cancelled)));
    assert!(other.join().expect("no panic"));
    assert_eq!(subject.throttled.shutdown(Pending::Finish).wait(), Ok(Shutdown::Idle));
}

const BOUND: Bound = Bound::Preemptions(2);

#[test]
fn as_they_are() {
    let models: [(&str, fn()); 2] = [
        ("the thread of all keys, and whoever waits for it, are woken", || a_life(Silent::Nothing)),
        ("whoever waits for all keys is woken by a cancel", || a_cancel(Silent::Nothing)),
    ];
    for (claim, model) in models {
        let ended = Tally::new();
        let counted = ended.clone();
        explore(BOUND, &[G5], claim, move || {
            model();
            counted.count();
        })
        .at_least(1000)
        .reached(&ended, "it ended")
        .passed();
    }
}

/// `test` is the name of the calling test.
fn deadlocks(test: &str, fault: &str, model: fn()) {
    let found = ends_in_a_deadlock(&format!("woken::{test}"), || {
        plant(Some(Fault::LeavesOutNotifications));
        search(BOUND, model);
    });
    assert!(found, "{fault}: no deadlock was found");
    caught(fault, "loom: a deadlock");
}

#[test]
fn not_by_a_call() {
    let fault = "the thread of all keys is not told of a call";
    deadlocks("not_by_a_call", fault, || a_life(Silent::Call));
}

#[test]
fn not_by_a_flush() {
    let fault = "the thread of all keys is not told of a flush";
    deadlocks("not_by_a_flush", fault, || a_life(Silent::Flush));
}

#[test]
fn not_by_a_cancel() {
    let fault = "whoever waits for all keys is not told of a cancel";
    deadlocks("not_by_a_cancel", fault, || a_cancel(Silent::Cancel));
}

#[test]
fn not_by_a_threshold() {
    let fault = "the thread of all keys is not told of a shorter threshold";
    deadlocks("not_by_a_threshold", fault, || a_life(Silent::Threshold));
}

#[test]
fn not_by_an_end_that_is_asked_for() {
    let fault = "the thread of all keys is not told that it is to end";
    deadlocks("not_by_an_end_that_is_asked_for", fault, || a_life(Silent::EndAskedFor));
}

#[test]
fn not_by_the_end_of_a_run() {
    let fault = "nobody is told of the end of a run of a key";
    deadlocks("not_by_the_end_of_a_run", fault, || a_life(Silent::RunEnd));
}

#[test]
fn not_by_the_end_of_the_thread() {
    let fault = "nobody is told of the end of the thread of all keys";
    deadlocks("not_by_the_end_of_the_thread", fault, || a_life(Silent::ThreadEnd));
}
