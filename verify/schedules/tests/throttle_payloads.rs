//! What holds of that which the calls of a `Throttle` bring, of the library as it is shipped.

#[path = "throttle_payloads/properties.rs"]
mod properties;

use evidence::Guarantee::{G3, G5, G6, G10};
use schedules::hold;
use watchdog as _;

#[test]
fn values_are_collected_once() {
    let claim = "3 threads bring values to runs of their own that keep some or panic, while a fourth takes or flushes: \
                 each once";
    hold(&[G6, G10], claim, properties::collected);
}

#[test]
fn values_are_merged_once() {
    let claim = "3 threads bring values to be merged and run, while a fourth takes or flushes: each once";
    hold(&[G10], claim, properties::merged);
}

#[test]
fn calls_are_told_once() {
    let claim = "3 threads are counted and run, while a fourth takes and flushes: each call is told once";
    hold(&[G10], claim, properties::counted);
}

#[test]
fn the_newest_value_is_given_to_its_run() {
    let claim = "2 threads bring newest values, without a window: each is given to a run of its own";
    hold(&[G10], claim, properties::newest_by_their_own_runs);
}

#[test]
fn what_is_merged_is_given_to_its_run() {
    let claim = "2 threads bring values to be merged, without a window: each is given to a run of its own";
    hold(&[G10], claim, properties::merged_by_their_own_runs);
}

#[test]
fn what_is_collected_is_given_to_its_run() {
    let claim = "2 threads bring values to be collected, without a window: each is given to a run of its own";
    hold(&[G10], claim, properties::collected_by_their_own_runs);
}

#[test]
fn a_newest_value_that_is_taken_cancels_its_call() {
    let claim = "a call becomes the owner during a run while another thread takes: it runs with its value, or is cancelled";
    hold(&[G3, G10], claim, properties::newest_against_a_take);
}

#[test]
fn what_a_run_keeps_is_owed() {
    let claim = "a run keeps its batch while another thread takes: what is left is owed";
    hold(&[G3, G10], claim, properties::kept_against_a_take);
}

#[test]
fn a_merge_that_panics_at_a_start_loses_nothing() {
    let claim = "3 threads bring values, and the function that merges panics where a run starts: no value is lost, a call \
                 that is covered was given, and nobody waits for ever";
    hold(&[G5, G6, G10], claim, properties::merging_panics_at_a_start);
}

#[test]
fn a_merge_that_panics_at_a_deferral_keeps_nobody_waiting() {
    let claim = "3 threads bring values, and the function that merges panics where a call becomes the owner: no value is \
                 lost, and nobody waits for ever";
    hold(&[G5, G6, G10], claim, properties::merging_panics_at_a_deferral);
}

#[test]
fn a_thread_whose_merge_has_panicked_is_not_inside_of_it() {
    let claim =
        "the function that merges panics, and its thread calls again while another one calls: both are taken";
    hold(&[G6, G10], claim, properties::merging_panics_and_the_thread_goes_on);
}
