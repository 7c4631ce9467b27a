//! Negative controls: each planted fault is found by a model of `keyed_throttled.rs` that holds without it, or
//! shows as a deadlock.
//!
//! The hook of the library plants them. It does not reach decisions inside of `src/front/keyed/throttled/`.

#[path = "keyed_throttled/fault.rs"]
mod fault;
#[path = "keyed_throttled/models.rs"]
#[allow(dead_code, reason = "the planted faults need some of them")]
mod models;
#[path = "keyed_throttled/witness.rs"]
mod witness;
#[path = "keyed_throttled/woken.rs"]
mod woken;

mod subject {
    pub use atomic_throttle::state::DeferralStatus;
    pub use atomic_throttle::{
        Count, Ended, KeyedThrottled, KeyedThrottledBuilder, Manual, NotTaken, Pending, Shutdown, Threshold,
        Timestamp, WaitError,
    };
}

use fault::{Fault, plant};
use loom_tests::{Bound, fails_with, search};
use models::Seen;
use watchdog as _;

/// Explores `model` with nothing planted.
fn holds(most: usize, named: &str, model: fn(&Seen)) {
    let seen = Seen::default();
    let counted = seen.clone();
    let executions = search(Bound::Preemptions(most), move || model(&counted));
    assert!(seen.one.total() > 0 && seen.other.total() > 0, "{named}: {executions} executions");
    assert_eq!(seen.broken.total(), 0, "{named}: nothing was planted yet");
}

/// Explores `model` with nothing planted, then with the fault, which must be found.
fn finds(fault: Fault, named: &str, most: usize, model: fn(&Seen), found: &str) {
    holds(most, named, model);
    let seen = Seen::default();
    let counted = seen.clone();
    plant(Some(fault));
    let executions = search(Bound::Preemptions(most), move || model(&counted));
    plant(None);
    let broken = seen.broken.total();
    assert!(broken > 0, "{named} was not found in {executions} executions");
    evidence::caught(named, &format!("loom: {found}, {broken} times in {executions} executions"));
}

#[test]
fn a_call_looks_for_the_end_before_it_locks() {
    let named = "a call on a key that looks for the end only before it locks";
    let model = models::call_against_an_end_that_finishes;
    finds(Fault::LooksOnce, named, 2, model, "a call is taken and lost");
}

#[test]
fn a_fatal_panic_refuses_late() {
    let named = "a fatal panic on a key that refuses calls only when the thread has ended";
    let model = models::call_after_a_fatal_panic;
    finds(Fault::RefusesLate, named, 2, model, "who knows of the panic is not refused");
}

/// The thread panics when it misses the key. It holds a lock then, and loom's locks cannot be taken after that.
#[test]
fn a_key_that_is_pending_is_evicted() {
    let (named, model) = ("a key is evicted while it is pending", models::eviction_against_a_call);
    holds(1, named, model);
    let complaint = "attempt to subtract with overflow";
    let found = fails_with(complaint, "a_key_that_is_pending_is_evicted", || {
        plant(Some(Fault::ForgetsDeferrals));
        search(Bound::Preemptions(1), move || model(&Seen::default()));
    });
    assert!(found, "{named} was not found");
    evidence::caught(named, "loom: the thread misses what it owns");
}

#[test]
fn calls_are_counted_in_two_steps() {
    let named = "calls that coalesce are counted by a load and a store";
    let model = models::two_callers_who_coalesce;
    finds(Fault::LoadThenStore, named, 1, model, "a call is not counted");
}
