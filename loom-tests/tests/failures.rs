//! G6: the first settled run after a call decides what its ticket is told, and the ticket sees what that run wrote. A later
//! run that succeeds hides no failure, and a failure that is tried again is told to nobody.

use atomic_throttle::hook::{self, Hook, Order};
use atomic_throttle::{Manual, Pending, Retry, Throttled, ThrottledBuilder, WaitError};
use evidence::Guarantee::{G3, G6};
use evidence::{caught, depth};
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom_tests::{Bound, LEADING, Tally, explore, search};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use watchdog as _;

fn bound() -> Bound {
    depth(Bound::Preemptions(2), Bound::Preemptions(3))
}

#[derive(Debug)]
struct OnPurpose;

impl fmt::Display for OnPurpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("on purpose")
    }
}

impl std::error::Error for OnPurpose {}

/// What a model reached, and what went wrong.
#[derive(Clone, Default)]
struct Seen {
    one_run: Tally,
    two_runs: Tally,
    missed: Tally,
    told_wrong: Tally,
}

/// A throttle whose first run fails, and the number of the latest run, which runs write and the model reads.
fn failing(builder: ThrottledBuilder) -> (Throttled, Arc<AtomicUsize>) {
    let latest = Arc::new(AtomicUsize::new(0));
    let (written, mut runs) = (Arc::clone(&latest), 0);
    let spawned = builder.clock(Manual::new(LEADING)).spawn(move || {
        runs += 1;
        written.store(runs, Ordering::Relaxed);
        if runs == 1 { Err(OnPurpose) } else { Ok(()) }
    });
    (spawned.expect("a thread"), latest)
}

fn is_first_failure(told: &Result<(), WaitError>) -> bool {
    matches!(told, Err(WaitError::Failed(failure)) if failure.attempt() == 1 && failure.downcast_ref::<OnPurpose>().is_some())
}

/// The run of the first call fails. The second call has the same run, or the one after it, which succeeds.
fn failed(seen: &Seen) {
    let (throttled, latest) = failing(Throttled::builder(Duration::ZERO));
    let first = throttled.trigger().expect("it goes on");
    let second = throttled.trigger().expect("it goes on");
    let told = first.wait();
    seen.missed.count_if(latest.load(Ordering::Relaxed) < 1);
    let then = second.wait();
    let is_one_run = second.epoch() == first.epoch();
    if is_one_run {
        seen.one_run.count();
        seen.told_wrong.count_if(then != told);
    } else {
        seen.two_runs.count();
        seen.told_wrong.count_if(then.is_err());
        seen.missed.count_if(latest.load(Ordering::Relaxed) != 2);
    }
    seen.told_wrong.count_if(!is_first_failure(&told) || first.wait() != told);
    throttled.shutdown(Pending::Discard).wait().expect("outside of the run");
}

/// The run of the first call fails, and is tried again: both calls are told of the second try, or of the run after it.
fn tried_again(seen: &Seen) {
    let retry = Retry::by(|_, _| Some(Duration::ZERO));
    let (throttled, latest) = failing(Throttled::builder(Duration::ZERO).retry(retry));
    let first = throttled.trigger().expect("it goes on");
    let second = throttled.trigger().expect("it goes on");
    let told = [first.wait(), second.wait()];
    seen.told_wrong.count_if(told != [Ok(()), Ok(())]);
    seen.missed.count_if(latest.load(Ordering::Relaxed) < 2);
    let is_one_run = second.epoch() == first.epoch();
    seen.one_run.count_if(is_one_run);
    seen.two_runs.count_if(!is_one_run);
    throttled.shutdown(Pending::Discard).wait().expect("outside of the run");
}

fn holds(claim: &str, model: fn(&Seen)) {
    let seen = Seen::default();
    let counted = seen.clone();
    explore(bound(), &[G3, G6], claim, move || model(&counted))
        .at_least(100)
        .reached(&seen.one_run, "both calls were made before the run")
        .reached(&seen.two_runs, "the second call was made in the run, or after it")
        .never(&seen.missed, "what the run wrote was not seen")
        .never(&seen.told_wrong, "a ticket was told of another end than that of its run")
        .passed();
}

#[test]
fn a_failure_is_told_to_the_calls_of_its_run() {
    holds("a wait for a run that fails, against that run and a later one that succeeds", failed);
}

#[test]
fn a_failure_that_is_tried_again_is_told_to_nobody() {
    holds("a wait for a run that fails and is tried again, against both tries", tried_again);
}

#[derive(Clone, Copy)]
enum Fault {
    SettlesLate,
    FinishIsRelaxed,
}

impl Hook for Fault {
    fn settles_after_the_finish(&self) -> bool {
        matches!(self, Self::SettlesLate)
    }

    fn order(&self, order: &'static Order) -> Option<Ordering> {
        let is_weak = matches!(self, Self::FinishIsRelaxed) && order.name == "FINISH";
        Some(if is_weak { Ordering::Relaxed } else { order.ordering })
    }
}

/// The ticket is waited for with a limit that has passed: so a wait that nobody ends is no deadlock, but told wrong.
#[test]
fn a_record_that_comes_late_is_found() {
    for (planted, fault) in [
        (Fault::SettlesLate, "how a run has ended is recorded after its finish"),
        (Fault::FinishIsRelaxed, "the finish publishes no record of how the run has ended"),
    ] {
        let seen = Seen::default();
        let counted = seen.clone();
        hook::plant(Some(Rc::new(planted)));
        search(bound(), move || failed(&counted));
        hook::plant(None);
        assert!(seen.told_wrong.total() > 0, "not found: {fault}");
        caught(fault, "loom: a ticket is told that its run was cancelled, and it has failed");
    }
}
