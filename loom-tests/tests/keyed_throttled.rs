//! G3 and G5 of the keys of a `KeyedThrottled`, with its counts: a call against each end, two callers, a flush
//! at the deadline, a cancel, a fatal panic, and an eviction, each against the thread.
//!
//! The models show visibility with relaxed data. Loom's locks order more than those of the standard library do:
//! each is ordered against all others. So the models do not show that the lock of the key's own shard would be
//! enough.

#[path = "keyed_throttled/models.rs"]
mod models;
#[path = "keyed_throttled/witness.rs"]
mod witness;

mod subject {
    pub use atomic_throttle::state::DeferralStatus;
    pub use atomic_throttle::{
        Count, Ended, KeyedThrottled, KeyedThrottledBuilder, Manual, NotTaken, Pending, Shutdown, Threshold,
        Timestamp, WaitError,
    };
}

use evidence::Guarantee::{self, G2, G3, G4, G5, G6};
use evidence::depth;
use loom_tests::{Bound, explore};
use models::Seen;
use watchdog as _;

/// `of` are the two situations that the model counts.
fn holds(
    most: usize,
    guarantees: &'static [Guarantee],
    claim: &str,
    model: fn(&Seen),
    of: [&str; 2],
    minimum: usize,
) {
    let seen = Seen::default();
    let counted = seen.clone();
    let bound = Bound::Preemptions(depth(most, most + 1));
    explore(bound, guarantees, claim, move || model(&counted))
        .never(&seen.broken, claim)
        .at_least(minimum)
        .reached(&seen.one, of[0])
        .reached(&seen.other, of[1])
        .passed();
}

const AT_AN_END: [&str; 2] = ["it was refused", "it was pending when the end was asked for"];

#[test]
fn call_against_an_end_that_finishes() {
    let claim = "a call on a key against an end with Pending::Finish is refused, or covered and counted";
    holds(3, &[G3], claim, models::call_against_an_end_that_finishes, AT_AN_END, 25_000);
}

#[test]
fn call_against_an_end_that_flushes() {
    let claim = "a call on a key against an end with Pending::Flush is refused, or covered and counted";
    holds(2, &[G3], claim, models::call_against_an_end_that_flushes, AT_AN_END, 1200);
}

#[test]
fn call_against_an_end_that_discards() {
    let claim =
        "a call on a key against an end with Pending::Discard is refused, covered, or counted as uncovered";
    holds(2, &[G3], claim, models::call_against_an_end_that_discards, AT_AN_END, 2500);
}

#[test]
fn two_callers() {
    let claim = "two first calls on a key are both seen by a run, and counted";
    holds(2, &[G3, G5], claim, models::two_callers, ["one run", "two runs"], 12_000);
}

#[test]
fn two_callers_who_coalesce() {
    let claim = "two calls that coalesce under the lock of readers are both seen by a run, and counted";
    holds(2, &[G3], claim, models::two_callers_who_coalesce, ["one run", "two runs"], 35_000);
}

#[test]
fn flush_against_the_deadline() {
    let claim = "a flush of a key against the deadline: one run, and another for a call after it";
    let of = ["the flush started it", "the thread started it"];
    holds(1, &[G2, G3, G5], claim, models::flush_against_the_deadline, of, 800);
}

#[test]
fn cancel_and_a_call() {
    let claim = "a call on a key whose run was just cancelled is covered, and the cancelled one counted";
    let of = ["it was cancelled", "the cancel was too late"];
    holds(2, &[G3, G4, G5], claim, models::cancel_and_a_call, of, 3000);
}

#[test]
fn cancel_against_a_wait() {
    let claim = "a wait for all keys is told of a cancel";
    let of = ["the wait was told", "the run was sooner"];
    holds(2, &[G3, G5], claim, models::cancel_against_a_wait, of, 10_000);
}

#[test]
fn call_after_a_fatal_panic() {
    let claim = "whoever knows of a fatal panic is refused";
    let of = ["the wait was told", "it was told before"];
    holds(3, &[G6], claim, models::call_after_a_fatal_panic, of, 30_000);
}

const AT_A_PANIC: [&str; 2] = ["one was left owed", "the call was refused"];

#[test]
fn call_against_a_fatal_panic_of_another_key() {
    let claim = "a key that is pending at a fatal panic of another is owed, and counted";
    holds(2, &[G3, G6], claim, models::call_against_a_fatal_panic_of_another_key, AT_A_PANIC, 2000);
}

#[test]
fn flush_against_a_fatal_panic_of_another_key() {
    let claim = "a key that is flushed at a fatal panic of another is run or owed, and counted";
    holds(2, &[G3, G6], claim, models::flush_against_a_fatal_panic_of_another_key, AT_A_PANIC, 2500);
}

#[test]
fn eviction_against_a_call() {
    let claim = "a key that is called while it is evicted, by the thread or another, is run";
    let of = ["the other evicted it", "the other did not"];
    holds(2, &[G3, G5], claim, models::eviction_against_a_call, of, 15_000);
}
