//! What holds of that which the calls of an `AsyncThrottle` bring, of the library as it is shipped.

#[path = "async_payloads/properties.rs"]
#[allow(dead_code, reason = "other properties drop tasks at their second poll")]
mod properties;

use evidence::Guarantee::{G3, G5, G6, G10};
use schedules::hold;
use watchdog as _;

#[test]
fn values_are_collected_once() {
    let claim = "async, 3 threads bring values to runs that keep some, panic or are dropped, while a fourth takes or \
                 flushes: each once";
    hold(&[G3, G5, G6, G10], claim, properties::collected);
}

#[test]
fn a_run_that_is_owed_has_a_value() {
    let claim = "async, a run is stopped while another thread takes: it is owed if its values are there";
    hold(&[G3, G6, G10], claim, properties::stopped_collecting);
}

#[test]
fn a_run_that_is_owed_has_what_was_merged() {
    let claim =
        "async, a run that merges is stopped while another thread takes: it is owed if its value is there";
    hold(&[G3, G6, G10], claim, properties::stopped_merging);
}

#[test]
fn a_run_that_is_owed_has_the_newest_value() {
    let claim = "async, a run with the newest value is stopped while another thread takes: it is owed if that is there";
    hold(&[G3, G6, G10], claim, properties::stopped_with_the_newest);
}

#[test]
fn values_are_merged_once() {
    let claim = "async, 3 threads bring values to be merged, tasks are dropped, and a fourth takes or flushes: each once";
    hold(&[G3, G5, G6, G10], claim, properties::merged);
}

#[test]
fn calls_are_told_once() {
    let claim = "async, 3 threads are counted, tasks are dropped, and a fourth takes or flushes: each call is told once";
    hold(&[G5, G6, G10], claim, properties::counted);
}
