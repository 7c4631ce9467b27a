//! G3 and G10 for a `Throttle`: what a call brings is given to the run that covers the call, whichever thread runs, and
//! that run sees what the caller wrote.

use atomic_throttle::hook::{self, Hook};
use atomic_throttle::{Collect, Latest, Manual, Outcome, Throttle};
use evidence::Guarantee::{G3, G10};
use evidence::{caught, depth};
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread;
use loom_tests::{Bound, LEADING, THRESHOLD, Tally, explore, search};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use watchdog as _;

fn bound() -> Bound {
    depth(Bound::Preemptions(2), Bound::Preemptions(3))
}

/// What callers wrote before their calls, and what runs saw and were given, as sets of bits.
struct Words {
    written: AtomicUsize,
    seen: AtomicUsize,
    given: AtomicUsize,
}

impl Words {
    fn new() -> Self {
        Self { written: AtomicUsize::new(0), seen: AtomicUsize::new(0), given: AtomicUsize::new(0) }
    }

    /// Runs exclude each other, so this is no race. Returns whether a value comes twice.
    fn run(&self, values: usize) -> bool {
        self.seen.store(self.seen.load(Relaxed) | self.written.load(Relaxed), Relaxed);
        let given = self.given.load(Relaxed);
        self.given.store(given | values, Relaxed);
        given & values != 0
    }
}

/// What happened, in how many executions.
#[derive(Clone, Default)]
struct Seen {
    coalesced: Tally,
    ran_both: Tally,
    taken: Tally,
    missed: Tally,
    lost: Tally,
    twice: Tally,
    empty: Tally,
}

/// Without a window: one thread calls once, the other one twice. Each runs, waits for the other's run, or coalesces.
fn three_calls(seen: &Seen) {
    let shared =
        Arc::new((Throttle::collecting_with_clock(Duration::ZERO, Manual::new(LEADING)), Words::new()));
    let call = |shared: &(Throttle<Manual, Collect<usize>>, Words), seen: &Seen, value: usize| {
        let (throttle, words) = shared;
        words.written.fetch_or(value, Relaxed);
        let outcome = throttle.run(value, |batch| {
            let values = batch.drain().fold(0, |values, value| values | value);
            seen.empty.count_if(values == 0);
            seen.ran_both.count_if(values.count_ones() > 1);
            seen.twice.count_if(words.run(values));
        });
        if let Outcome::Coalesced(handle) = outcome.expect("there is room") {
            seen.coalesced.count_if(true);
            seen.lost.count_if(handle.wait() != Ok(()));
        }
        seen.lost.count_if(words.given.load(Relaxed) & value == 0);
        seen.missed.count_if(words.seen.load(Relaxed) & value == 0);
    };
    let other = thread::spawn({
        let (shared, seen) = (Arc::clone(&shared), seen.clone());
        move || call(&shared, &seen, 1)
    });
    call(&shared, seen, 2);
    call(&shared, seen, 4);
    other.join().expect("no panic");
    seen.lost.count_if(!shared.0.take().is_empty());
}

/// In a window: an owner waits with its value. Another call brings one, while a third thread opens the window.
fn call_against_owner(seen: &Seen) {
    let throttle = Throttle::latest_with_clock(THRESHOLD.as_duration(), Manual::new(LEADING));
    assert!(throttle.try_run(0, |_| ()).is_ok());
    let shared = Arc::new((throttle, Words::new()));
    let owner = thread::spawn({
        let (shared, seen) = (Arc::clone(&shared), seen.clone());
        move || {
            let (throttle, words) = &*shared;
            let outcome = throttle.run(1, |value: usize| {
                seen.ran_both.count_if(value == 2);
                seen.twice.count_if(words.run(value));
            });
            drop(outcome.expect("in no forked child"));
        }
    });
    let opener = thread::spawn({
        let shared = Arc::clone(&shared);
        move || shared.0.set_threshold(Duration::ZERO)
    });
    let (throttle, words) = &*shared;
    words.written.store(2, Relaxed);
    // It waits for no window: it runs, coalesces, leaves its value owed, or has it back.
    match throttle.run_within(2, Duration::ZERO, |value| seen.twice.count_if(words.run(value))) {
        Ok(Outcome::Coalesced(handle)) => {
            seen.coalesced.count_if(true);
            seen.lost.count_if(handle.wait() != Ok(()) || words.given.load(Relaxed) & 2 == 0);
            seen.missed.count_if(words.seen.load(Relaxed) & 2 == 0);
        }
        Ok(Outcome::Owed) => {}
        Ok(outcome) => seen.lost.count_if(outcome.into_value().is_none()),
        Err(rejected) => seen.lost.count_if(rejected.value != 2),
    }
    owner.join().expect("no panic");
    opener.join().expect("no panic");
    let left = throttle.take();
    seen.taken.count_if(left.is_some());
}

/// An owner waits with its value. Another thread takes it, which gives up the run, and calls.
fn take_against_owner(seen: &Seen) {
    let throttle: Throttle<Manual, Latest<usize>> =
        Throttle::latest_with_clock(THRESHOLD.as_duration(), Manual::new(LEADING));
    assert!(throttle.try_run(0, |_| ()).is_ok());
    let shared = Arc::new((throttle, Words::new()));
    let owner = thread::spawn({
        let (shared, seen) = (Arc::clone(&shared), seen.clone());
        move || {
            let (throttle, words) = &*shared;
            let outcome = throttle.run(1, |value| seen.twice.count_if(words.run(value)));
            match outcome.expect("in no forked child") {
                Outcome::Cancelled => {}
                Outcome::RanDeferred(()) | Outcome::RanAtOnce(()) => {
                    seen.lost.count_if(words.given.load(Relaxed) == 0);
                }
                // No run takes its place: it found nothing.
                Outcome::Coalesced(_) | Outcome::Owed => seen.empty.count_if(true),
            }
        }
    });
    let (throttle, words) = &*shared;
    let taken = throttle.take();
    seen.taken.count_if(taken.is_some());
    throttle.set_threshold(Duration::ZERO);
    owner.join().expect("no panic");
    let given = words.given.load(Relaxed);
    let left = throttle.take();
    let places = usize::from(taken.is_some()) + usize::from(given == 1) + usize::from(left.is_some());
    seen.lost.count_if(places == 0);
    seen.twice.count_if(places > 1);
}

fn holds(claim: &str, seen: &Seen, reached: &[(&Tally, &str)], model: fn(&Seen)) {
    let counted = seen.clone();
    let mut explored = explore(bound(), &[G3, G10], claim, move || model(&counted)).at_least(100);
    for (tally, what) in reached {
        explored = explored.reached(tally, what);
    }
    explored
        .never(&seen.missed, "the run missed what the caller wrote")
        .never(&seen.lost, "a value was given to no run")
        .never(&seen.twice, "a value was given twice")
        .never(&seen.empty, "a run found no value")
        .passed();
}

#[test]
fn three_values_are_each_given_to_the_run_that_covers_them() {
    let seen = Seen::default();
    let reached = [(&seen.coalesced, "one coalesced"), (&seen.ran_both, "a run was given two values")];
    holds("two callers of a Throttle that collects, without a window", &seen, &reached, three_calls);
}

#[test]
fn a_newer_value_is_given_to_the_owner_that_starts() {
    let seen = Seen::default();
    let reached =
        [(&seen.coalesced, "the call coalesced"), (&seen.ran_both, "the owner was given the newer value")];
    holds("a newer value against the start of an owner that waits", &seen, &reached, call_against_owner);
}

#[test]
fn a_value_is_taken_or_given_to_the_run() {
    let seen = Seen::default();
    let reached = [(&seen.taken, "the value was taken")];
    holds("a take against an owner that waits with its value", &seen, &reached, take_against_owner);
}

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    PutsLate,
    TakesEarly,
}

impl Hook for Fault {
    fn puts_after_the_decision(&self) -> bool {
        *self == Self::PutsLate
    }

    fn takes_before_the_start(&self) -> bool {
        *self == Self::TakesEarly
    }
}

fn is_found(planted: Fault, model: fn(&Seen), wrong: fn(&Seen) -> &Tally, fault: &str, how: &str) {
    let seen = Seen::default();
    let counted = seen.clone();
    hook::plant(Some(Rc::new(planted)));
    let executions = search(bound(), move || model(&counted));
    hook::plant(None);
    let found = wrong(&seen).total();
    assert!(found > 0, "not found in {executions} executions: {fault}");
    caught(fault, &format!("loom: {how}, {found} times in {executions} executions"));
}

#[test]
fn a_value_that_is_put_apart_from_the_decision_of_its_call_is_lost() {
    let fault = "Throttle: a value is put after the decision of its call";
    is_found(
        Fault::PutsLate,
        three_calls,
        |seen| &seen.lost,
        fault,
        "the value of a call is given to no run",
    );
}

#[test]
fn a_value_that_is_taken_apart_from_the_start_of_the_run_is_lost() {
    let fault = "Throttle: what an owner is given is taken before its run starts";
    is_found(
        Fault::TakesEarly,
        three_calls,
        |seen| &seen.lost,
        fault,
        "the value of a call is given to no run",
    );
}
