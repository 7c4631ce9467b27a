//! What holds of that which calls on keys bring, of their tickets, and of runs that fail or that a task performs.

#[path = "keyed_payloads/mod.rs"]
mod properties;

use evidence::Guarantee::{G2, G3, G5, G6, G10};
use properties::{tasks, values};
use schedules::hold;
use watchdog as _;

#[test]
fn evictions_lose_no_value() {
    let claim =
        "3 threads bring values to 2 keys that a fourth evicts: each value is given once, each ticket told";
    hold(&[G2, G3, G5, G10], claim, values::against_evictions);
}

#[test]
fn flushes_and_ends_lose_no_value() {
    let claim = "2 threads bring values to 2 keys while a third flushes and ends: each value is in one place";
    hold(&[G2, G3, G5, G10], claim, values::against_flushes_and_ends);
}

#[test]
fn what_is_taken_is_given_to_no_run() {
    let claim = "2 threads bring values to 2 keys while a third takes: each value is given once, or taken";
    hold(&[G3, G10], claim, values::against_takes);
}

#[test]
fn who_waits_is_told_of_a_cancel() {
    let claim =
        "2 threads bring values to 2 keys while a third cancels: each ticket is told what became of its call";
    hold(&[G3, G5, G10], claim, values::against_cancels);
}

#[test]
fn what_failed_is_tried_again() {
    let claim =
        "2 threads bring values to 2 keys whose runs fail, with cancels, takes, flushes, evictions and ends";
    hold(&[G3, G5, G6, G10], claim, values::tried_again);
}

#[test]
fn who_asks_late_is_told_of_a_failure() {
    let claim = "2 threads bring values to 2 keys whose runs all fail: no ticket is told otherwise";
    hold(&[G6], claim, values::failed_for_good);
}

#[test]
fn a_task_is_dropped() {
    let claim = "2 threads bring values to 3 keys, whose task is dropped with several runs in progress: each succeeds \
                 once, or comes home";
    hold(&[G2, G3, G5, G6, G10], claim, tasks::dropped_at_any_await);
}
