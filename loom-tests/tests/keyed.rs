//! G1 and G2 of the keys of a `Keyed`: eviction against calls, against the end of a run, and against a clock
//! that goes back; keys that come in at once; the limit of keys.

#[path = "keyed/models.rs"]
mod models;

mod subject {
    pub use atomic_throttle::{Keyed, KeyedBuilder, KeyedError, Manual, Refused, Threshold, Timestamp};
}

use evidence::Guarantee::{self, G1, G2, G8, G9};
use loom_tests::{Bound, explore};
use models::Seen;
use watchdog as _;

fn holds(bound: Bound, guarantees: &'static [Guarantee], claim: &str, model: fn(&Seen), minimum: usize) {
    let seen = Seen::default();
    let counted = seen.clone();
    explore(bound, guarantees, claim, move || model(&counted))
        .at_least(minimum)
        .reached(&seen.met, "the threads met")
        .never(&seen.broken, claim)
        .passed();
}

#[test]
fn eviction_against_a_clock_that_goes_back() {
    let claim = "an evicted key keeps its distance, though the clock goes back";
    holds(Bound::Exhaustive, &[G1, G8], claim, models::eviction_against_a_clock_that_goes_back, 5);
}

#[test]
fn eviction_against_a_call() {
    let claim = "a key that starts while it is evicted is not forgotten";
    holds(Bound::Exhaustive, &[G1], claim, models::eviction_against_a_call, 8);
}

#[test]
fn eviction_against_a_finish() {
    let claim = "runs of a key that is evicted between them exclude each other, and see each other";
    holds(Bound::Exhaustive, &[G2], claim, models::eviction_against_a_finish, 10);
}

#[test]
fn finish_against_the_next_run() {
    let claim = "the end of a run leaves the next run of the key alone";
    holds(Bound::Exhaustive, &[G1, G2], claim, models::finish_against_the_next_run, 4);
}

#[test]
fn finish_against_a_run_of_the_evicted_key() {
    let claim = "the end of a run leaves a run of the key alone that comes after an eviction";
    holds(Bound::Exhaustive, &[G1, G2], claim, models::finish_against_a_run_of_the_evicted_key, 4);
}

#[test]
fn a_named_threshold_against_an_eviction() {
    let claim = "a call on a key runs when its own threshold said, though keys are evicted as it names that";
    holds(Bound::Exhaustive, &[G1], claim, models::a_named_threshold_against_an_eviction, 5);
}

#[test]
fn a_threshold_that_two_name_against_an_eviction() {
    let claim = "a call on a key runs when its own threshold said, though another call has named the same";
    holds(Bound::Preemptions(3), &[G1], claim, models::a_threshold_that_two_name_against_an_eviction, 10);
}

#[test]
fn look_against_a_call() {
    let claim = "a run that looks for keys to evict forgets none that runs, and miscounts none";
    holds(Bound::Preemptions(4), &[G1], claim, models::look_against_a_call, 10);
}

#[test]
fn two_calls_on_a_known_key() {
    let claim = "of two calls on a known key one runs, and it runs again later";
    holds(Bound::Exhaustive, &[G1, G2], claim, models::two_calls_on_a_known_key, 10);
}

#[test]
fn runs_of_a_known_key_see_each_other() {
    let claim = "runs of a known key, under the lock of readers, exclude each other, and see each other";
    holds(Bound::Preemptions(4), &[G2], claim, models::runs_of_a_known_key_see_each_other, 10);
}

#[test]
fn a_longer_threshold_against_a_call() {
    let claim = "a call on a known key is not decided by an earlier threshold than the run before it";
    holds(Bound::Preemptions(4), &[G1], claim, models::a_longer_threshold_against_a_call, 10);
}

#[test]
fn two_first_calls() {
    holds(Bound::Exhaustive, &[G1, G2], "of two first calls on a key one runs", models::two_first_calls, 10);
}

#[test]
fn two_keys_for_one_place() {
    let claim = "of two keys one comes in where there is room for one";
    holds(Bound::Exhaustive, &[G8], claim, models::two_keys_for_one_place, 10);
}

#[test]
fn two_keys_that_make_room() {
    let claim = "two keys make room for themselves, and neither waits for the other";
    holds(Bound::Preemptions(3), &[G9], claim, models::two_keys_that_make_room, 10);
}
