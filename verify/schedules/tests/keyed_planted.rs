//! Negative controls: each planted fault is found by a property of `keyed.rs` that holds without it.
//!
//! The sources of the library are built here a second time, on a `sync` and with an `over` into which a test
//! plants a fault. The loom models have the eviction of a key in its window: it brings no runs closer to each
//! other, because what is remembered keeps them apart.

#[path = "../../../loom-tests/tests/keyed/fault.rs"]
mod fault;
#[path = "../../../loom-tests/tests/keyed/planted.rs"]
#[allow(dead_code, unused_imports, unreachable_pub)]
mod keyed;
#[path = "keyed/properties.rs"]
#[allow(dead_code, reason = "the planted faults need some of them")]
mod properties;
#[path = "../../../loom-tests/tests/keyed/sync.rs"]
mod sync;

#[path = "../../../src/clock/mod.rs"]
#[allow(dead_code, unused_imports)]
mod clock;
#[path = "../../../src/front/snapshot.rs"]
#[allow(dead_code)]
mod snapshot;
#[path = "../../../src/state/mod.rs"]
#[allow(dead_code, unused_imports)]
mod state;
#[path = "../../../src/time.rs"]
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
    pub use crate::time::Timestamp;
}

// The doc comments of the sources link to names at the root of the crate.
#[allow(unused_imports)]
use {clock::Clock, keyed::Keyed};

use fault::{Fault, plant};
use schedules::Model;
use watchdog as _;

fn find(fault: Fault, named: &str, model: Model, complaint: &str) {
    schedules::find(named, || plant(fault), model, complaint);
    plant(Fault::Nothing);
}

#[test]
fn a_key_that_runs_is_evicted() {
    let model = properties::runs_of_a_key_keep_their_distance;
    find(Fault::ForgetsRuns, "a key is evicted while it runs", model, "G2");
}

#[test]
fn nothing_is_remembered_of_an_evicted_key() {
    let model = properties::runs_of_a_key_keep_their_distance;
    find(Fault::RemembersNothing, "nothing is remembered of an evicted key", model, "G1");
}

#[test]
fn keys_are_counted_in_two_steps() {
    let model = properties::the_limit_is_kept;
    find(
        Fault::LoadThenStore,
        "keys are counted by a load and a store",
        model,
        "the count is that of the keys",
    );
}
