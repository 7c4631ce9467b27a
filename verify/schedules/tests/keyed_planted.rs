//! Negative controls: each planted fault is found by a property of `keyed.rs` that holds without it.
//!
//! The hook of the library plants them. The loom models have the eviction of a key in its window: it brings no runs closer to each
//! other, because what is remembered keeps them apart. They also have the decision in two steps: two calls must meet
//! within one of them, which random priorities seldom bring about among three keys.

#[path = "../../../loom-tests/tests/keyed/fault.rs"]
mod fault;
#[path = "keyed/properties.rs"]
#[allow(dead_code, reason = "the planted faults need some of them")]
mod properties;

mod subject {
    pub use atomic_throttle::{Clock, Keyed, KeyedBuilder, KeyedError, KeyedRun, Manual, Timestamp};
}

use fault::{Fault, plant};
use schedules::Model;
use watchdog as _;

fn find(fault: Fault, named: &str, model: Model, complaint: &str) {
    schedules::find(named, || plant(Some(fault)), model, complaint);
    plant(None);
}

#[test]
fn a_key_that_runs_is_evicted() {
    let model = properties::runs_of_a_key_keep_their_distance;
    // The notes of two runs at once may also come in the other order.
    find(Fault::ForgetsRuns, "a key is evicted while it runs", model, "G2 or G1");
}

#[test]
fn nothing_is_remembered_of_an_evicted_key() {
    let model = properties::runs_of_a_key_keep_their_distance;
    find(Fault::RemembersNothing, "nothing is remembered of an evicted key", model, "G1");
}

#[test]
fn nothing_is_remembered_of_a_key_that_was_evicted_between_calls_by_their_own_thresholds() {
    let model = properties::runs_by_named_thresholds_keep_their_distance;
    let named = "nothing is remembered of an evicted key, and calls name thresholds";
    find(Fault::RemembersNothing, named, model, "G1");
}

#[test]
fn keys_are_counted_in_two_steps() {
    let model = properties::the_limit_is_kept;
    find(
        Fault::LoadThenStore,
        "keys are counted by a load and a store",
        model,
        "the count is that of the keys or idle keys make room",
    );
}

#[test]
fn a_key_that_is_evicted_is_decided() {
    let model = properties::runs_of_a_key_keep_their_distance;
    find(Fault::LetsGo, "a call decides on a key that is evicted meanwhile", model, "G2 or G1");
}

#[test]
fn the_end_of_a_run_is_lost() {
    let named = "the end of a run does not reach its key";
    find(
        Fault::LosesTheEnd,
        named,
        properties::panics_finish_their_runs,
        "a run that panicked is still in progress",
    );
}
