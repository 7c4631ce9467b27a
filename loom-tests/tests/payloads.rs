//! G3 and G10: what a call brings is given to the run that covers the call, and that run sees what the caller wrote.
//!
//! A call that brings a value decides without a fence: its lock is the one under which runs start.

use atomic_throttle::hook::{self, Hook};
use atomic_throttle::{Count, Latest, Manual, Pending, Retry, Step, Throttled};
use evidence::Guarantee::{G3, G10};
use evidence::{caught, depth};
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread;
use loom_tests::{Bound, LEADING, Tally, explore, search};
use std::mem;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use watchdog as _;

fn bound() -> Bound {
    depth(Bound::Preemptions(2), Bound::Preemptions(3))
}

/// What callers wrote before their calls, and what runs saw. Only runs write the second, so the word orders that.
struct Words {
    written: AtomicUsize,
    seen: AtomicUsize,
    /// The newest value that a run was given, and the number of calls that runs were told of.
    given: AtomicUsize,
    told: AtomicUsize,
    runs: AtomicUsize,
}

impl Words {
    fn new() -> Arc<Self> {
        let zero = || AtomicUsize::new(0);
        Arc::new(Self { written: zero(), seen: zero(), given: zero(), told: zero(), runs: zero() })
    }

    fn run(&self) {
        self.seen.store(self.seen.load(Relaxed) | self.written.load(Relaxed), Relaxed);
        self.runs.store(self.runs.load(Relaxed) + 1, Relaxed);
    }
}

fn newest(words: &Arc<Words>) -> Throttled<Latest<usize>> {
    let words = Arc::clone(words);
    let builder = Throttled::builder(Duration::ZERO).clock(Manual::new(LEADING));
    let run = move |value: &usize| {
        words.run();
        words.given.store(*value, Relaxed);
    };
    builder.latest().spawn(run).expect("a thread")
}

/// What went wrong.
#[derive(Clone, Default)]
struct Seen {
    coalesced: Tally,
    missed: Tally,
    lost: Tally,
    empty: Tally,
}

/// A first value has made a run pending. Another call brings a newer one, while the thread starts that run.
fn newer_value_against_start(seen: &Seen) {
    let words = Words::new();
    let throttled = newest(&words);
    let first = throttled.trigger(1).expect("it goes on").epoch();
    words.written.store(1, Relaxed);
    let second = throttled.trigger(2).expect("it goes on");
    let ended = second.wait();
    seen.coalesced.count_if(second.epoch() == first);
    seen.missed.count_if(ended.is_ok() && words.seen.load(Relaxed) != 1);
    // A run that finds no value does not call the function.
    seen.empty.count_if(second.epoch() != first && words.runs.load(Relaxed) != 2);
    seen.lost.count_if(ended.is_err() || words.given.load(Relaxed) != 2 || throttled.take().is_some());
    throttled.shutdown(Pending::Discard).wait().expect("outside of the run");
}

#[test]
fn a_newer_value_is_given_to_the_run_that_covers_it() {
    let seen = Seen::default();
    let counted = seen.clone();
    let claim = "a newer value against the start of the pending run";
    explore(bound(), &[G3, G10], claim, move || newer_value_against_start(&counted))
        .at_least(100)
        .reached(&seen.coalesced, "the call coalesced")
        .never(&seen.missed, "the run missed what the caller wrote")
        .never(&seen.lost, "the value was given to no run")
        .never(&seen.empty, "the value was given to a run that does not cover the call, which found none")
        .passed();
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

#[test]
fn a_value_that_is_put_or_taken_apart_from_the_decision_is_lost() {
    for (planted, fault) in [
        (Fault::PutsLate, "a value is put after the decision of its call"),
        (Fault::TakesEarly, "what a run is given is taken before its start"),
    ] {
        let seen = Seen::default();
        let counted = seen.clone();
        hook::plant(Some(Rc::new(planted)));
        search(bound(), move || newer_value_against_start(&counted));
        hook::plant(None);
        assert!(seen.lost.total() > 0, "not found: {fault}");
        caught(fault, "loom: the value of a call that was taken is given to no run");
    }
}

fn counting(words: &Arc<Words>) -> Throttled<Count> {
    let words = Arc::clone(words);
    let builder = Throttled::builder(Duration::ZERO).clock(Manual::new(LEADING));
    let run = move |calls| {
        words.run();
        words.told.store(words.told.load(Relaxed) + usize::try_from(calls).expect("a few"), Relaxed);
    };
    builder.counting().spawn(run).expect("a thread")
}

/// A run may be told of a call that the next run covers. That one is told of none then, and its function is not called.
#[test]
fn a_call_is_told_to_a_run_that_sees_what_the_caller_wrote() {
    let (missed, early, inexact) = (Tally::new(), Tally::new(), Tally::new());
    let tallies = [missed.clone(), early.clone(), inexact.clone()];
    explore(bound(), &[G3, G10], "the count of a call against the start of a run", move || {
        let words = Words::new();
        let throttled = counting(&words);
        let first = throttled.trigger().expect("it goes on");
        words.written.store(1, Relaxed);
        let second = throttled.trigger().expect("it goes on");
        let covered = second.wait() == Ok(());
        tallies[0].count_if(!covered || words.seen.load(Relaxed) != 1);
        tallies[1].count_if(second.epoch() != first.epoch() && words.runs.load(Relaxed) == 1);
        throttled.shutdown(Pending::Finish).wait().expect("outside of the run");
        tallies[2].count_if(words.told.load(Relaxed) != 2 || throttled.outstanding() != 0);
    })
    .at_least(100)
    .reached(&early, "a run was told of a call that the next one covers")
    .never(&missed, "the call is covered, and no run saw what the caller wrote")
    .never(&inexact, "the runs were not told of each call once")
    .passed();
}

/// A run is pending. Another thread calls, and counts in another number, while the run starts and takes both.
/// If the run fails, what it was told of is put back into one of them.
fn count_against_start(fails: bool, seen: &Seen) {
    let words = Words::new();
    let mut has_failed = !fails;
    let run = {
        let words = Arc::clone(&words);
        move |calls: u64| {
            if !mem::replace(&mut has_failed, true) {
                return Err("the first run");
            }
            words.run();
            words.told.store(words.told.load(Relaxed) + usize::try_from(calls).expect("a few"), Relaxed);
            Ok(())
        }
    };
    let builder = Throttled::builder(Duration::ZERO).clock(Manual::new(LEADING));
    let retry = Retry::by(|_, _| Some(Duration::ZERO));
    let (throttled, mut driven) = builder.retry(retry).counting().by_hand(run);
    let first = throttled.trigger().expect("it goes on").epoch();
    let other = thread::spawn({
        let (throttled, words) = (throttled.clone(), Arc::clone(&words));
        move || {
            words.written.store(1, Relaxed);
            throttled.trigger().expect("it goes on").epoch()
        }
    });
    for _ in 0..=usize::from(fails) {
        assert_eq!(driven.step(), Step::Ran);
    }
    let has_missed = words.told.load(Relaxed) != 2 || words.seen.load(Relaxed) != 1;
    let is_covered = other.join().expect("no panic") == first;
    seen.coalesced.count_if(is_covered);
    seen.missed.count_if(is_covered && has_missed);
    while driven.step() == Step::Ran {}
    seen.missed.count_if(words.seen.load(Relaxed) != 1);
    seen.lost.count_if(words.told.load(Relaxed) != 2 || throttled.outstanding() != 0);
}

#[test]
fn a_call_that_is_counted_in_another_number_is_told_to_a_run_that_sees_what_the_caller_wrote() {
    for (fails, claim) in [
        (false, "a count in another number against the start of a run"),
        (true, "a count in another number against the start of a run that fails and is tried again"),
    ] {
        let seen = Seen::default();
        let counted = seen.clone();
        let bound = depth(Bound::Preemptions(3), Bound::Preemptions(5));
        explore(bound, &[G3, G10], claim, move || count_against_start(fails, &counted))
            .at_least(100)
            .reached(&seen.coalesced, "the call coalesced")
            .never(&seen.missed, "the call is covered, and the run missed it or what the caller wrote")
            .never(&seen.lost, "the runs were not told of each call once")
            .passed();
    }
}
