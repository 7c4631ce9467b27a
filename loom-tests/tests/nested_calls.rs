//! G9: every operation is called from inside a run, while another thread calls. None deadlocks, which loom
//! would report, and each nested call gets a true answer.

use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{Coalesced, Manual, NotFlushed, Outcome, Refused, Throttle, WaitError};
use evidence::Guarantee::{G3, G9};
use evidence::depth;
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread;
use loom_tests::{Bound, LEADING, THRESHOLD, Tally, explore};
use std::sync::Arc;
use std::time::Duration;
use watchdog as _;

/// A throttle, what is written before a nested call, and what the latest run of the other thread saw.
struct Shared {
    throttle: Throttle<Manual>,
    written: AtomicUsize,
    seen: AtomicUsize,
}

/// What a nested operation did.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Did {
    /// The pending run covers it.
    Coalesced,
    /// A run is owed to it.
    Owed,
    /// It gave up the pending run.
    Cancelled,
    /// It got no promise.
    Nothing,
}

/// `nested` is called in a run, during which another thread calls. It may do each of `all`.
fn inside_a_run<const N: usize>(
    name: &str,
    threshold: Duration,
    all: [Did; N],
    nested: fn(&Throttle<Manual>) -> Did,
) {
    let claim = format!("{name} inside a run against another call");
    let (during, after) = (Tally::new(), Tally::new());
    let (during_in, after_in) = (during.clone(), after.clone());
    let seen = all.map(|did| (did, Tally::new()));
    let seen_in = seen.clone();
    let bound = depth(Bound::Preemptions(3), Bound::Preemptions(5));
    let explored = explore(bound, &[G9, G3], &claim, move || {
        let shared = Arc::new(Shared {
            throttle: Throttle::with_clock(threshold, Manual::new(LEADING)),
            written: AtomicUsize::new(0),
            seen: AtomicUsize::new(0),
        });
        let mut other = None;
        let outcome = shared.throttle.run(|| {
            other = Some(thread::spawn({
                let shared = Arc::clone(&shared);
                move || {
                    let outcome = shared.throttle.run(|| {
                        shared.seen.store(shared.written.load(Relaxed), Relaxed);
                    });
                    match outcome {
                        Outcome::RanAtOnce(()) => false,
                        Outcome::RanDeferred(()) | Outcome::Cancelled => true,
                        outcome => panic!("{outcome:?} where nobody else owns"),
                    }
                }
            }));
            shared.written.store(1, Relaxed);
            nested(&shared.throttle)
        });
        let Outcome::RanAtOnce(did) = outcome else { panic!("the first call runs") };
        let deferred = other.expect("it was started").join().expect("no panic");

        let seen = shared.throttle.snapshot();
        let has_owner = matches!(seen.deferral, DeferralStatus::Pending | DeferralStatus::Cancelled);
        assert!(!seen.running && !has_owner, "G9: wedged: {seen:?}");
        if matches!(did, Did::Coalesced | Did::Owed) {
            let covered = shared.seen.load(Relaxed) == 1;
            assert!(covered || seen.is_owed(), "G3: the nested call is lost");
        }
        during_in.count_if(deferred);
        after_in.count_if(!deferred);
        for (expected, tally) in &seen_in {
            tally.count_if(did == *expected);
        }
    })
    .at_least(1000)
    .reached(&during, "the other call came during the run")
    .reached(&after, "the other call came after the run");
    seen.iter()
        .fold(explored, |explored, (did, tally)| explored.reached(tally, &format!("{did:?}")))
        .passed();
}

/// The answers that a nested call may get.
const PROMISES: [Did; 2] = [Did::Coalesced, Did::Owed];

fn told<T>(throttle: &Throttle<Manual>, outcome: &Outcome<T, Coalesced<'_, Manual>>) -> Did {
    let seen = throttle.snapshot();
    assert!(seen.is_owed() || seen.next_run_at.is_some(), "G3: the promise is not visible: {seen:?}");
    match outcome {
        Outcome::Coalesced(_) => Did::Coalesced,
        Outcome::Owed => Did::Owed,
        Outcome::RanAtOnce(_) | Outcome::RanDeferred(_) => panic!("G2: a run inside a run"),
        Outcome::Cancelled => panic!("nobody cancels"),
    }
}

#[test]
fn run() {
    inside_a_run("run", Duration::ZERO, PROMISES, |throttle| told(throttle, &throttle.run(|| ())));
}

#[test]
fn run_within() {
    inside_a_run("run_within", Duration::ZERO, PROMISES, |throttle| {
        let outcome = throttle.run_within(Duration::MAX, || ());
        told(throttle, &outcome.expect("no limit is too short for a promise"))
    });
}

#[test]
fn try_run() {
    inside_a_run("try_run", Duration::ZERO, [Did::Nothing], |throttle| {
        assert_eq!(throttle.try_run(|| ()), Err(Refused::Running));
        Did::Nothing
    });
}

#[test]
fn cancel() {
    inside_a_run("cancel", Duration::ZERO, [Did::Cancelled, Did::Nothing], |throttle| {
        if throttle.cancel() { Did::Cancelled } else { Did::Nothing }
    });
}

#[test]
fn flush() {
    inside_a_run("flush", Duration::ZERO, [Did::Nothing], |throttle| {
        assert_eq!(throttle.flush(|| ()), Err(NotFlushed::Running));
        Did::Nothing
    });
}

/// Without the change the window would never end.
#[test]
fn set_threshold() {
    inside_a_run("set_threshold", THRESHOLD.as_duration(), [Did::Nothing], |throttle| {
        throttle.set_threshold(Duration::ZERO);
        Did::Nothing
    });
}

/// The run that covers the call has to wait for this one.
#[test]
fn wait() {
    inside_a_run("a wait", Duration::ZERO, PROMISES, |throttle| {
        let outcome = throttle.run(|| ());
        if let Outcome::Coalesced(handle) = &outcome {
            assert_eq!(handle.wait(), Err(WaitError::InsideRun));
            assert_eq!(handle.wait_for(Duration::MAX), Err(WaitError::InsideRun));
        }
        told(throttle, &outcome)
    });
}
