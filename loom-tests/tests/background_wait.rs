//! G5 and G6: a thread that waits for a run of the background thread is woken by the end of the run, by a
//! cancel, and by a panic that ends the throttle, and learns which.

use atomic_throttle::{Ended, Pending, Shutdown, ThrottledBuilder, WaitError};
use evidence::Guarantee::{G3, G5, G6};
use evidence::depth;
use loom::thread;
use loom_tests::{Background, Bound, THRESHOLD, Tally, explore};
use std::panic::resume_unwind;
use std::time::Duration;
use watchdog as _;

fn bound() -> Bound {
    depth(Bound::Preemptions(2), Bound::Preemptions(3))
}

/// One thread waits for its call, the other for all calls.
#[test]
fn two_wait_for_one_run() {
    let waited = Tally::new();
    let counted = waited.clone();
    let bound = depth(Bound::Preemptions(1), Bound::Preemptions(2));
    explore(bound, &[G3, G5], "two who wait against the end of a run", move || {
        let subject = Background::new(THRESHOLD.as_duration());
        let other = thread::spawn({
            let subject = subject.clone();
            move || {
                assert_eq!(subject.throttled.all().wait(), Ok(()));
                subject.is_covered(0)
            }
        });
        assert_eq!(subject.call_taken(0).wait(), Ok(()));
        assert!(subject.is_covered(0), "what the run wrote is visible");
        assert_eq!(subject.throttled.all().wait(), Ok(()));
        counted.count_if(other.join().expect("no panic"));
        subject.end();
    })
    .at_least(3000)
    .reached(&waited, "the other waited for the run, too")
    .passed();
}

#[test]
fn against_a_cancel() {
    let (ran, cancelled) = (Tally::new(), Tally::new());
    let (ran_in, cancelled_in) = (ran.clone(), cancelled.clone());
    explore(bound(), &[G3, G5], "a wait against a cancel", move || {
        let subject = Background::new(THRESHOLD.as_duration());
        let call = subject.call_taken(0);
        let other = thread::spawn({
            let throttled = subject.throttled.clone();
            move || throttled.cancel()
        });
        let waited = call.wait();
        let was_cancelled = other.join().expect("no panic");
        assert_eq!(waited, if was_cancelled { Err(WaitError::Cancelled) } else { Ok(()) });
        assert_eq!(subject.is_covered(0), !was_cancelled);
        subject.end();
        ran_in.count_if(!was_cancelled);
        cancelled_in.count_if(was_cancelled);
    })
    .at_least(5000)
    .reached(&ran, "the run was sooner")
    .reached(&cancelled, "the cancel was sooner")
    .passed();
}

/// The unwinding drops nothing of the model, so no other thread of the model sees it.
fn fatal(threshold: Duration) -> Background {
    Background::running(threshold, ThrottledBuilder::fatal_panics, || resume_unwind(Box::new("on purpose")))
}

#[test]
fn against_a_panic_that_is_fatal() {
    let [owed, refused, coalesced] = [(); 3].map(|()| Tally::new());
    let tallies = [owed.clone(), refused.clone(), coalesced.clone()];
    explore(bound(), &[G3, G5, G6], "a wait against a panic that is fatal", move || {
        let subject = fatal(Duration::ZERO);
        let first = subject.call_taken(0);
        let second = subject.call(1);
        match second {
            Ok(second) if second.epoch() > first.epoch() => {
                assert_eq!(second.wait(), Err(WaitError::Owed));
                tallies[0].count();
            }
            Ok(second) => {
                assert_eq!(second.wait(), Err(WaitError::Panicked));
                tallies[2].count();
            }
            Err(why) => {
                assert_eq!(why, Ended::Panicked);
                tallies[1].count();
            }
        }
        assert_eq!(first.wait(), Err(WaitError::Panicked));
        let owed = second.is_ok_and(|second| second.epoch() > first.epoch());
        let ended = subject.throttled.shutdown(Pending::Discard).wait();
        assert_eq!(ended, Ok(Shutdown::Panicked));
        assert_eq!(subject.throttled.snapshot().is_owed(), owed, "G3: what was pending is owed");
        assert_eq!((subject.throttled.runs(), subject.throttled.panics()), (1, 1));
    })
    .at_least(1000)
    .reached(&owed, "a call was left owed")
    .reached(&refused, "a call was refused")
    .reached(&coalesced, "two calls had one run, which panicked")
    .passed();
}

/// A thread that a panic ends takes no flush any more: what it started would never be performed.
#[test]
fn against_a_panic_that_is_fatal_and_a_flush() {
    let owed = Tally::new();
    let counted = owed.clone();
    explore(bound(), &[G3, G5, G6], "a flush against a panic that is fatal", move || {
        let subject = fatal(Duration::ZERO);
        let first = subject.call_taken(0);
        let second = subject.call(1).ok().filter(|second| second.epoch() > first.epoch());
        if let Some(second) = second {
            assert!(subject.throttled.flush().is_err(), "nobody would perform it");
            assert_eq!(second.wait(), Err(WaitError::Owed));
        }
        assert_eq!(first.wait(), Err(WaitError::Panicked));
        let ended = subject.throttled.shutdown(Pending::Discard).wait();
        assert_eq!(ended, Ok(Shutdown::Panicked));
        let seen = subject.throttled.snapshot();
        assert_eq!(seen.is_owed(), second.is_some(), "G3: what was pending is lost");
        assert!(!seen.running, "G6: it is wedged");
        counted.count_if(second.is_some());
    })
    .at_least(1000)
    .reached(&owed, "a run was pending when the thread ended")
    .passed();
}
