//! Negative controls: each planted fault is found by a model of `keyed.rs` that holds without it.
//!
//! The hook of the library plants them.

#[path = "keyed/fault.rs"]
mod fault;
#[path = "keyed/models.rs"]
#[allow(dead_code, reason = "the planted faults need some of them")]
mod models;
mod subject {
    pub use atomic_throttle::{Keyed, KeyedBuilder, KeyedError, Manual, Refused, Threshold, Timestamp};
}

use fault::{Fault, plant};
use loom_tests::{Bound, search};
use models::Seen;
use watchdog as _;

/// Explores `model` with nothing planted, then with the fault, which must be found.
fn finds(fault: Fault, named: &str, model: fn(&Seen), found: &str) {
    let run = |seen: &Seen| {
        let seen = seen.clone();
        move || model(&seen)
    };
    let seen = Seen::default();
    let executions = search(Bound::Preemptions(3), run(&seen));
    assert!(executions > 1 && seen.met.total() > 0, "{named}: {executions} executions");
    assert_eq!(seen.broken.total(), 0, "{named}: nothing was planted yet");

    let seen = Seen::default();
    plant(Some(fault));
    let executions = search(Bound::Preemptions(3), run(&seen));
    plant(None);
    let broken = seen.broken.total();
    assert!(broken > 0, "{named} was not found in {executions} executions");
    evidence::caught(named, &format!("loom: {found} in {broken} of {executions} executions"));
}

#[test]
fn a_key_that_runs_is_evicted() {
    let model = models::eviction_against_a_finish;
    finds(Fault::ForgetsRuns, "a key is evicted while it runs", model, "two runs of a key overlap");
}

#[test]
fn nothing_is_remembered_of_an_evicted_key() {
    let model = models::eviction_against_a_clock_that_goes_back;
    let named = "nothing is remembered of an evicted key";
    finds(Fault::RemembersNothing, named, model, "two runs of a key are too close");
}

#[test]
fn a_run_that_has_just_started_is_evicted() {
    let model = models::eviction_against_a_call;
    let named = "a key is evicted in its window";
    finds(Fault::ForgetsWindows, named, model, "a key that ran is not known");
}

#[test]
fn keys_are_counted_in_two_steps() {
    let model = models::two_keys_for_one_place;
    let named = "keys are counted by a load and a store";
    finds(Fault::LoadThenStore, named, model, "two keys take one place");
}

#[test]
fn a_known_key_is_decided_in_two_steps() {
    let model = models::two_calls_on_a_known_key;
    let named = "a known key is decided by a load and a store";
    finds(Fault::DecidesInTwoSteps, named, model, "two runs of a key in one window");
}

#[test]
fn a_key_that_is_evicted_is_decided() {
    let model = models::eviction_against_a_call;
    let named = "a call decides on a key that is evicted meanwhile";
    finds(Fault::LetsGo, named, model, "a key that ran is not known");
}

#[test]
fn the_end_of_a_run_is_lost() {
    let model = models::two_calls_on_a_known_key;
    let named = "the end of a run does not reach its key";
    finds(Fault::LosesTheEnd, named, model, "a key never runs again");
}

#[test]
fn the_end_of_a_run_is_written_twice() {
    let model = models::finish_against_the_next_run;
    let named = "the end of a run overwrites the word of the next run of the key";
    finds(Fault::EndsTwice, named, model, "two runs of a key in one window");
}

#[test]
fn the_end_of_a_run_reaches_a_key_that_was_evicted_and_came_in_again() {
    let model = models::finish_against_a_run_of_the_evicted_key;
    let named = "the end of a run overwrites the word of its key, which was evicted and came in again";
    finds(Fault::EndsOnceMore, named, model, "two runs of a key in one window");
}

#[test]
fn a_threshold_is_named_after_the_decision() {
    let model = models::a_named_threshold_against_an_eviction;
    let named = "a call names its threshold after it is decided";
    finds(Fault::NamesLate, named, model, "a key is evicted in the window of a call");
}

#[test]
fn an_eviction_asks_for_the_longest_threshold_before_it_locks() {
    let model = models::a_named_threshold_against_an_eviction;
    let named = "an eviction asks for the longest threshold before it locks";
    finds(Fault::AsksEarly, named, model, "a key is evicted in the window of a call");
}
