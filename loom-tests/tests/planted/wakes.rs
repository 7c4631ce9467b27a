//! G5 and G9: a wake-up that is lost is a deadlock, and loom finds it. Each part of the handshake is left
//! out in turn: the notification, the fence on either side, the order of listening and looking.

use crate::fault::{Fault, leave_out_fence, plant};
use atomic_throttle::Manual;
use atomic_throttle::hook::{NOTIFY, Order, REGISTER};
use atomic_throttle::{Outcome, Throttle};
use evidence::Guarantee::{self, G5, G9};
use evidence::caught;
use loom::thread;
use loom_tests::{Bound, Tally, ends_in_a_deadlock, explore, search};
use loom_tests::{DUE, LEADING, THRESHOLD};
use std::sync::Arc;
use std::time::Duration;

/// A throttle on whose clock a first run has started at `LEADING`, and finished.
fn after_a_run() -> Arc<Throttle<Manual>> {
    let throttle = Throttle::with_clock(THRESHOLD.as_duration(), Manual::new(LEADING));
    assert!(throttle.try_run(|| ()).is_ok());
    Arc::new(throttle)
}

/// An owner waits while another thread takes the threshold away. Each may leave out one of its fences.
fn owner_and_threshold(
    waited: &Tally,
    owner_fence: Option<&'static Order>,
    other_fence: Option<&'static Order>,
) {
    let throttle = after_a_run();
    let owner = thread::spawn({
        let throttle = Arc::clone(&throttle);
        move || {
            leave_out_fence(owner_fence);
            matches!(throttle.run(|| ()), Outcome::RanDeferred(()))
        }
    });
    leave_out_fence(other_fence);
    throttle.set_threshold(Duration::ZERO);
    waited.count_if(owner.join().expect("no panic"));
}

/// An owner, and a call that waits for its run, while a third thread cancels the run.
fn two_who_wait(waited: &Tally) {
    let throttle = after_a_run();
    let owner = thread::spawn({
        let throttle = Arc::clone(&throttle);
        move || {
            let _ = throttle.run(|| ());
        }
    });
    if let Ok(Outcome::Coalesced(handle)) = throttle.run_within(Duration::ZERO, || ()) {
        let other = thread::spawn({
            let throttle = Arc::clone(&throttle);
            move || assert!(throttle.cancel())
        });
        assert!(handle.wait().is_err());
        other.join().expect("no panic");
        waited.count();
    } else {
        // There is nothing to coalesce into yet, so the owner's call may end.
        throttle.clock().set(DUE);
    }
    owner.join().expect("no panic");
}

/// A call inside a run of the same thread.
fn nested(waited: &Tally) {
    let throttle = after_a_run();
    throttle.clock().set(DUE);
    let outer = throttle.run(|| matches!(throttle.run(|| ()), Outcome::Owed));
    waited.count_if(outer.into_value() == Some(true));
}

type Model = fn(&Tally);

const BOUND: Bound = Bound::Preemptions(2);

fn of(tally: &Tally, model: Model) -> impl Fn() + Send + Sync + use<> {
    let tally = tally.clone();
    move || model(&tally)
}

#[test]
fn as_they_are() {
    let models: [(&[Guarantee], &str, usize, Model); 3] = [
        (&[G5], "an owner against a changed threshold", 20, |waited| owner_and_threshold(waited, None, None)),
        (&[G5], "two who wait against a cancel", 500, two_who_wait),
        (&[G9], "a call inside a run", 1, nested),
    ];
    for (guarantees, claim, minimum, model) in models {
        let waited = Tally::new();
        explore(BOUND, guarantees, claim, of(&waited, model))
            .at_least(minimum)
            .reached(&waited, "somebody waited, or was told not to")
            .passed();
    }
}

/// `test` is the name of the calling test.
fn deadlocks(test: &str, fault: &str, planted: Fault, model: Model) {
    let found = ends_in_a_deadlock(&format!("wakes::{test}"), || {
        plant(planted);
        search(BOUND, of(&Tally::new(), model));
    });
    assert!(found, "{fault}: no deadlock was found");
    caught(fault, "loom: a deadlock");
}

#[test]
fn nobody_is_woken() {
    deadlocks("nobody_is_woken", "a notification that wakes nobody", Fault::WakesNobody, |waited| {
        owner_and_threshold(waited, None, None);
    });
}

#[test]
fn one_is_woken() {
    deadlocks("one_is_woken", "a notification that wakes one of two", Fault::WakesOne, two_who_wait);
}

#[test]
fn looks_before_it_listens() {
    let fault = "a waiter that looks before it listens";
    deadlocks("looks_before_it_listens", fault, Fault::LooksBeforeItListens, |waited| {
        owner_and_threshold(waited, None, None);
    });
}

#[test]
fn weak_fences() {
    let fault = "fences of those who wait and wake that are Release and Acquire alone";
    deadlocks("weak_fences", fault, Fault::WeakFences, |waited| owner_and_threshold(waited, None, None));
}

#[test]
fn no_fence_before_the_look() {
    let fault = "no fence between the count of a waiter and its look";
    deadlocks("no_fence_before_the_look", fault, Fault::Nothing, |waited| {
        owner_and_threshold(waited, Some(&REGISTER), None);
    });
}

#[test]
fn no_fence_before_the_count_is_read() {
    let fault = "no fence between a change and the look for waiters";
    deadlocks("no_fence_before_the_count_is_read", fault, Fault::Nothing, |waited| {
        owner_and_threshold(waited, None, Some(&NOTIFY));
    });
}

#[test]
fn a_thread_that_does_not_know_itself() {
    let fault = "a run that does not recognize its own thread";
    deadlocks("a_thread_that_does_not_know_itself", fault, Fault::NoIdentity, nested);
}
