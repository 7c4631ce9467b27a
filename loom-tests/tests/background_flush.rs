//! G2, G3 and G5: a flush starts the run in one thread, and hands it to the background thread. The run is
//! performed exactly once, no matter which other threads reach for it at that moment.

use atomic_throttle::{NotFlushed, Pending, Shutdown};
use evidence::Guarantee::{G2, G3, G5};
use evidence::depth;
use loom::thread;
use loom_tests::{Background, Bound, DUE, THRESHOLD, Tally, explore};
use std::time::Duration;
use watchdog as _;

fn bound() -> Bound {
    depth(Bound::Preemptions(2), Bound::Preemptions(3))
}

/// The run is due, so the thread may wake for it before the flush, or start it first.
#[test]
fn against_the_thread_itself() {
    let [flushed, running, too_late] = [(); 3].map(|()| Tally::new());
    let tallies = [flushed.clone(), running.clone(), too_late.clone()];
    explore(bound(), &[G2, G3, G5], "a flush against the background thread", move || {
        let subject = Background::new(THRESHOLD.as_duration());
        let call = subject.call_taken(0);
        tallies[match subject.throttled.flush() {
            Ok(_) => 0,
            Err(NotFlushed::Running) => 1,
            Err(NotFlushed::NothingPending) => 2,
            Err(other) => panic!("{other:?}"),
        }]
        .count();
        assert_eq!(call.wait(), Ok(()));
        assert!(subject.is_covered(0), "G3: the run does not see the call");
        subject.end();
        assert_eq!(subject.throttled.runs(), 1, "it is performed once");
    })
    .at_least(4000)
    .reached(&flushed, "the flush started it")
    .reached(&running, "it was in progress")
    .reached(&too_late, "it was over")
    .passed();
}

/// The thread wakes at the deadline, while another flushes.
#[test]
fn against_the_deadline() {
    let (flushed, fired) = (Tally::new(), Tally::new());
    let (flushed_in, fired_in) = (flushed.clone(), fired.clone());
    let bound = depth(Bound::Preemptions(1), Bound::Preemptions(2));
    explore(bound, &[G2, G3, G5], "a flush against the deadline of the background thread", move || {
        let subject = Background::new(THRESHOLD.as_duration());
        assert_eq!(subject.call_taken(0).wait(), Ok(()));
        let call = subject.call_taken(1);
        let other = thread::spawn({
            let throttled = subject.throttled.clone();
            move || throttled.flush().is_ok()
        });
        subject.clock.set(DUE);
        assert_eq!(call.wait(), Ok(()));
        assert!(subject.is_covered(1), "G3: the run does not see the call");
        let was_flushed = other.join().expect("no panic");
        subject.end();
        assert_eq!(subject.throttled.runs(), 2, "it is performed once");
        flushed_in.count_if(was_flushed);
        fired_in.count_if(!was_flushed);
    })
    .at_least(500)
    .reached(&flushed, "the flush started it")
    .reached(&fired, "the thread started it")
    .passed();
}

/// The flush starts the run in one thread, and the function reads in another what a third has written.
#[test]
fn against_a_call_that_coalesces() {
    let met = Tally::new();
    let counted = met.clone();
    explore(bound(), &[G3], "a flush against a call that coalesces", move || {
        let subject = Background::new(Duration::ZERO);
        let first = subject.call_taken(0).epoch();
        let caller = thread::spawn({
            let subject = subject.clone();
            move || subject.call_taken(1).epoch()
        });
        let was_flushed = subject.throttled.flush().is_ok();
        let second = caller.join().expect("no panic");
        subject.throttled.shutdown(Pending::Finish).wait().expect("outside of the run");
        assert!(subject.is_covered(0) && subject.is_covered(1), "G3: a run does not see a call");
        assert_eq!(subject.throttled.runs(), 1 + u64::from(second > first));
        counted.count_if(was_flushed && second == first);
    })
    .at_least(5000)
    .reached(&met, "it coalesced, and was flushed")
    .passed();
}

#[test]
fn against_a_cancel() {
    let (flushed, cancelled) = (Tally::new(), Tally::new());
    let (flushed_in, cancelled_in) = (flushed.clone(), cancelled.clone());
    explore(bound(), &[G2, G3], "a flush against a cancel and the background thread", move || {
        let subject = Background::new(THRESHOLD.as_duration());
        let _ = subject.call_taken(0);
        let other = thread::spawn({
            let throttled = subject.throttled.clone();
            move || throttled.cancel()
        });
        let was_flushed = subject.throttled.flush().is_ok();
        let was_cancelled = other.join().expect("no panic");
        assert_eq!(
            subject.throttled.shutdown(Pending::Finish).wait().is_ok(),
            !subject.throttled.snapshot().is_owed()
        );
        assert_eq!(subject.throttled.runs() + u64::from(was_cancelled), 1, "performed, or cancelled");
        assert_eq!(subject.is_covered(0), !was_cancelled, "G3: the run does not see the call");
        assert!(!(was_flushed && was_cancelled), "G3: a run that has started is not cancelled");
        flushed_in.count_if(was_flushed);
        cancelled_in.count_if(was_cancelled);
    })
    .at_least(5000)
    .reached(&flushed, "it was flushed")
    .reached(&cancelled, "it was cancelled")
    .passed();
}

/// A run whose flush returned `Ok` is performed, whatever becomes of the throttle.
fn against_a_shutdown(pending: Pending) {
    let [flushed, ended, other_way] = [(); 3].map(|()| Tally::new());
    let tallies = [flushed.clone(), ended.clone(), other_way.clone()];
    let claim = format!("a flush against an end with Pending::{pending:?}");
    explore(bound(), &[G2, G3], &claim, move || {
        let subject = Background::new(THRESHOLD.as_duration());
        let _ = subject.call_taken(0);
        let other = thread::spawn({
            let throttled = subject.throttled.clone();
            move || throttled.flush().map(drop)
        });
        let shutdown = subject.throttled.shutdown(pending).wait().expect("outside of the run");
        let outcome = other.join().expect("no panic");
        let runs = u64::from(shutdown != Shutdown::Discarded);
        assert_eq!(subject.throttled.runs(), runs, "{shutdown:?}");
        assert_eq!(subject.is_covered(0), runs == 1, "G3: the run does not see the call");
        assert!(outcome.is_err() || runs == 1, "it was flushed, and never performed");
        assert!(pending == Pending::Discard || runs == 1, "G3: it was neither performed nor discarded");
        tallies[match outcome {
            Ok(()) => 0,
            Err(NotFlushed::Ended) => 1,
            Err(_) => 2,
        }]
        .count();
    })
    .at_least(2000)
    .reached(&flushed, "it was flushed")
    .reached(&ended, "the flush was refused")
    .reached(&other_way, "the thread was sooner")
    .passed();
}

#[test]
fn against_a_shutdown_that_finishes() {
    against_a_shutdown(Pending::Finish);
}

#[test]
fn against_a_shutdown_that_flushes() {
    against_a_shutdown(Pending::Flush);
}

#[test]
fn against_a_shutdown_that_discards() {
    against_a_shutdown(Pending::Discard);
}
