//! Negative controls: each planted fault is found by a model of `keyed.rs` that holds without it.
//!
//! The sources of the library are built here a second time, on a `sync` and with an `over` into which a test
//! plants a fault.

#[path = "keyed/fault.rs"]
mod fault;
#[path = "keyed/planted.rs"]
#[allow(dead_code, unused_imports, unreachable_pub)]
mod keyed;
#[path = "keyed/models.rs"]
#[allow(dead_code, reason = "the planted faults need some of them")]
mod models;
#[path = "keyed/sync.rs"]
mod sync;

#[path = "../../src/clock/mod.rs"]
#[allow(dead_code, unused_imports)]
mod clock;
#[path = "../../src/front/snapshot.rs"]
#[allow(dead_code)]
mod snapshot;
#[path = "../../src/state/mod.rs"]
#[allow(dead_code, unused_imports)]
mod state;
#[path = "../../src/time.rs"]
#[allow(dead_code)]
mod time;

// The front ends import what they share from `crate::front`.
mod front {
    #[allow(unused_imports)]
    pub(crate) use super::{keyed, snapshot};
}

mod subject {
    pub use crate::clock::Manual;
    pub use crate::keyed::{Keyed, KeyedBuilder, KeyedError};
    pub use crate::state::Refused;
    pub use crate::time::{Threshold, Timestamp};
}

// The doc comments of the sources link to names at the root of the crate.
#[allow(unused_imports)]
use {clock::Clock, keyed::Keyed};

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
    plant(fault);
    let executions = search(Bound::Preemptions(3), run(&seen));
    plant(Fault::Nothing);
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
