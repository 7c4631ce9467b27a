//! G3: a call that comes while the throttle ends is refused, or it is covered or discarded as that end
//! promises. The drop of the last handle ends the thread, and the thread has ended when the drop returns.

use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{Ended, Pending, Shutdown, Throttled};
use evidence::Guarantee::{G3, G9};
use evidence::depth;
use loom::thread;
use loom_tests::{Background, Bound, CountsOnDrop, THRESHOLD, Tally, explore};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use watchdog as _;

fn bound() -> Bound {
    depth(Bound::Preemptions(3), Bound::Preemptions(4))
}

fn call_against_a_shutdown(pending: Pending) {
    let [refused, before, last] = [(); 3].map(|()| Tally::new());
    let (refused_in, before_in, last_in) = (refused.clone(), before.clone(), last.clone());
    let claim = format!("a call against an end with Pending::{pending:?}");
    let explored = explore(bound(), &[G3], &claim, move || {
        let subject = Background::new(THRESHOLD.as_duration());
        let caller = thread::spawn({
            let subject = subject.clone();
            move || subject.call(1).map(|_| ())
        });
        let shutdown = subject.throttled.shutdown(pending).wait().expect("outside of the run");
        let taken = caller.join().expect("no panic");
        let covered = subject.is_covered(1);
        match (taken, shutdown) {
            (Err(Ended::ShutDown), Shutdown::Idle) => {
                assert!(!covered);
                refused_in.count();
            }
            // The call was before the end, and so was its run, or at least the start of its run.
            (Ok(()), Shutdown::Idle) => {
                assert!(covered, "G3: the call is lost");
                before_in.count();
            }
            (Ok(()), Shutdown::Ran) => {
                assert!(covered, "G3: the call is lost");
                last_in.count_if(pending != Pending::Discard);
            }
            (Ok(()), Shutdown::Discarded) => {
                assert!(!covered && pending == Pending::Discard, "G3: the call is lost");
                last_in.count();
            }
            other => panic!("{other:?}"),
        }
        let seen = subject.throttled.snapshot();
        assert!(!seen.running && seen.deferral == DeferralStatus::None, "wedged: {seen:?}");
        assert_eq!(subject.throttled.runs(), u64::from(covered));
    });
    explored
        .at_least(5000)
        .reached(&refused, "the call was refused")
        .reached(&before, "its run came before the end")
        .reached(&last, "it was pending when the end was asked for")
        .passed();
}

#[test]
fn call_against_a_shutdown_that_finishes() {
    call_against_a_shutdown(Pending::Finish);
}

#[test]
fn call_against_a_shutdown_that_flushes() {
    call_against_a_shutdown(Pending::Flush);
}

#[test]
fn call_against_a_shutdown_that_discards() {
    call_against_a_shutdown(Pending::Discard);
}

/// Two handles are dropped, each after a call.
#[test]
fn two_handles_are_dropped() {
    let (here, there) = (Tally::new(), Tally::new());
    let (here_in, there_in) = (here.clone(), there.clone());
    let bound = depth(Bound::Preemptions(2), Bound::Preemptions(3));
    explore(bound, &[G3], "the last handle against a call by another", move || {
        let dropped = Tally::new();
        let function = CountsOnDrop(dropped.clone());
        let inside = move || {
            let _held = &function;
        };
        let Background { throttled, .. } = Background::running(Duration::ZERO, |b| b, inside);
        let other = thread::spawn({
            let throttled = throttled.clone();
            let (dropped, there) = (dropped.clone(), there_in.clone());
            move || {
                throttled.trigger().expect("a handle is left");
                drop(throttled);
                there.count_if(dropped.total() > 0);
            }
        });
        // Loom may go on with the other thread at this call; it does not do so at the count of the handles.
        throttled.trigger().expect("a handle is left");
        drop(throttled);
        here_in.count_if(dropped.total() > 0);
        other.join().expect("no panic");
        assert_eq!(dropped.total(), 1, "the thread has ended when the last handle is dropped");
    })
    .at_least(1000)
    .reached(&here, "the last one was dropped here")
    .reached(&there, "the last one was dropped there")
    .passed();
}

/// No other thread holds a handle, so none waits for the thread. It ends all the same, or loom reports a
/// deadlock.
#[test]
fn the_last_handle_is_dropped_inside_the_run() {
    let ended = Tally::new();
    let function = ended.clone();
    let explored = explore(bound(), &[G9], "the last handle is dropped inside the run", move || {
        // The slot is not a part of the model.
        let slot: Arc<Mutex<Option<Throttled>>> = Arc::default();
        let inside = Arc::clone(&slot);
        let function = CountsOnDrop(function.clone());
        let inside = move || {
            let _held = &function;
            drop(inside.lock().expect("no panic").take());
        };
        let Background { throttled, .. } = Background::running(THRESHOLD.as_duration(), |b| b, inside);
        *slot.lock().expect("no panic") = Some(throttled.clone());
        let weak = throttled.downgrade();
        throttled.trigger().expect("it goes on");
        drop(throttled);
        drop(weak.upgrade());
    });
    explored.at_least(100).reached(&ended, "the thread has ended").passed();
}
