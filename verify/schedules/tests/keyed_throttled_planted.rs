//! Negative controls: each planted fault is found by a property of `keyed_throttled.rs` that holds without it.
//!
//! The hook of the library plants them.

#[path = "../../../loom-tests/tests/keyed_throttled/fault.rs"]
mod fault;
#[path = "keyed_throttled/properties.rs"]
#[allow(dead_code, reason = "the planted fault needs some of them")]
mod properties;

mod subject {
    pub use atomic_throttle::{
        Count, KeyedThrottled, Manual, NotTaken, Pending, Shutdown, Threshold, Timestamp, WaitError,
        WeakKeyedThrottled,
    };
}

use fault::{Fault, plant};
use schedules::Model;
use watchdog as _;

fn find(fault: Fault, named: &str, model: Model, complaint: &str) {
    schedules::find(named, || plant(Some(fault)), model, complaint);
    plant(None);
}

#[test]
fn a_key_that_is_pending_is_evicted() {
    let model = properties::evictions_lose_no_pending_key;
    find(
        Fault::ForgetsDeferrals,
        "a key is evicted while it is pending",
        model,
        "deadlock or pending for ever",
    );
}

#[test]
fn a_call_looks_for_the_end_before_it_locks() {
    let named = "a call on a key that looks for the end only before it locks";
    find(Fault::LooksOnce, named, properties::of_all_operations, "a run is pending for ever");
}
