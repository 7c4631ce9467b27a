//! What holds of that which calls bring, of the library as it is shipped.

#[path = "payloads/properties.rs"]
mod properties;

use evidence::Guarantee::{G3, G5, G6, G10};
use schedules::hold;
use watchdog as _;

#[test]
fn values_are_collected_once() {
    let claim =
        "3 threads bring values while a fourth takes and ends: each is given, handed back, or remains";
    hold(&[G3, G10], claim, properties::collected);
}

#[test]
fn values_are_merged_once() {
    let claim = "3 threads bring values to be merged while a fourth cancels, flushes and ends: each once";
    hold(&[G10], claim, properties::merged);
}

#[test]
fn a_merge_that_panics_at_a_request_keeps_nobody_waiting() {
    let claim =
        "the function that merges panics where a call asks for a run: the thread performs it for the others";
    hold(&[G5, G6, G10], claim, properties::merging_panics_at_a_request);
}

#[test]
fn the_newest_value_is_given() {
    let claim = "3 threads bring values: no ticket is covered before its value, or a newer one, was given";
    hold(&[G3, G10], claim, properties::newest);
}

#[test]
fn calls_are_told_once() {
    let claim = "3 threads are counted: each call is told once, before its ticket is covered";
    hold(&[G3, G10], claim, properties::counted);
}

#[test]
fn what_a_panic_leaves_is_not_lost() {
    let claim = "3 threads bring values to runs that panic: each value is taken out once";
    hold(&[G6, G10], claim, properties::panicked);
}
