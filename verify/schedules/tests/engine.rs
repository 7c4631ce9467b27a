//! What holds of runs that fail, that are held, and that a task performs, of the library as it is shipped.

#[path = "engine/mod.rs"]
mod properties;

use evidence::Guarantee::{G1, G3, G5, G6, G10};
use properties::{paced, retried, tasks};
use schedules::hold;
use watchdog as _;

#[test]
fn what_failed_is_tried_again() {
    let claim = "3 threads bring values to runs that fail, with cancels, flushes and ends: each succeeds once, or is left";
    hold(&[G3, G6, G10], claim, retried::given_once_and_told);
}

#[test]
fn no_try_finds_nothing() {
    let claim = "a run fails while a thread takes what it was given: no run finds nothing";
    hold(&[G6, G10], claim, retried::put_back_against_a_take);
}

#[test]
fn no_try_finds_nothing_in_place_of_the_newest_value() {
    let claim = "a run fails while a thread takes its value: no run finds nothing, of newest values";
    hold(&[G10], claim, retried::newest_put_back_against_a_take);
}

#[test]
fn no_try_finds_nothing_in_place_of_a_batch() {
    let claim = "a run fails while a thread takes its values: no run finds nothing, of batches";
    hold(&[G10], claim, retried::batch_put_back_against_a_take);
}

#[test]
fn a_back_off_is_kept() {
    let claim = "a run fails while a thread calls and cancels: it is not tried again before its back-off";
    hold(&[G6], claim, retried::back_off_against_a_cancel);
}

#[test]
fn a_delay_is_kept_with_cancels() {
    let claim =
        "2 threads call while a third cancels: no run starts sooner than the delay after its first call";
    hold(&[G1], claim, paced::delayed_with_cancels);
}

#[test]
fn a_delay_is_kept_with_takes() {
    let claim =
        "2 threads call while a third takes: no run starts sooner than the delay after its first call";
    hold(&[G1], claim, paced::delayed_with_takes);
}

#[test]
fn a_delay_is_kept_with_flushes() {
    let claim = "2 threads call while a third flushes: no other run starts sooner than the delay after its first call";
    hold(&[G1], claim, paced::delayed_with_flushes);
}

#[test]
fn the_last_call_wakes() {
    let claim = "3 threads call, which is enough: the run starts though the delay is never over";
    hold(&[G3, G5], claim, paced::enough_calls);
}

#[test]
fn the_last_value_wakes() {
    let claim = "3 threads bring values, which is enough: the run starts though the delay is never over";
    hold(&[G3, G5], claim, paced::enough_values);
}

#[test]
fn what_is_owed_is_there() {
    let claim = "a task is dropped at any await, after a flush as well: a caller that hears that its run is owed can take the value";
    hold(&[G3, G6, G10], claim, tasks::owed_and_there);
}

#[test]
fn a_task_is_dropped() {
    let claim =
        "2 threads bring values to a task that is dropped at any await: each succeeds once, or comes home";
    hold(&[G3, G5, G6, G10], claim, tasks::dropped_at_any_await);
}
