//! The properties of `AsyncThrottle`, as it is shipped.

mod async_properties;

mod subject {
    pub use atomic_throttle::{AsyncThrottle, NotFlushed, Outcome, Ticket, WaitError};
}

use async_properties::{
    by_triggers, told_of_a_cancel, told_of_a_dropped_owner, told_of_a_shorter_threshold,
    with_cancels_and_flushes, with_dropped_callers, with_dropped_tasks, with_panics,
};
use evidence::Guarantee::{G1, G2, G3, G5, G6};
use schedules::hold;
use watchdog as _;

#[test]
fn calls_are_covered_by_triggers() {
    hold(&[G1, G2, G3, G5], "async, 3 threads and tasks: each call is covered", by_triggers);
}

#[test]
fn calls_are_covered_with_panics() {
    hold(&[G2, G3, G5, G6], "async, 3 threads and tasks: panics of functions lose nothing", with_panics);
}

#[test]
fn calls_are_covered_with_dropped_tasks() {
    hold(&[G2, G3, G5, G6], "async, 3 threads: tasks dropped at any poll leave owed", with_dropped_tasks);
}

#[test]
fn calls_are_covered_with_dropped_callers() {
    hold(&[G3, G5, G6], "async, 3 threads: callers dropped at any poll lose nothing", with_dropped_callers);
}

#[test]
fn calls_are_covered_with_cancels_and_flushes() {
    hold(&[G2, G3, G5], "async, 4 threads: covered, cancelled or flushed", with_cancels_and_flushes);
}

#[test]
fn all_are_told_of_a_cancel() {
    hold(&[G5], "async, an owner and 3 tickets: a cancel wakes all", told_of_a_cancel);
}

#[test]
fn all_are_told_of_a_dropped_owner() {
    hold(&[G5, G6], "async, 4 threads: an owner whose task is dropped wakes all", told_of_a_dropped_owner);
}

#[test]
fn the_owner_is_told_of_a_shorter_threshold() {
    let claim = "async, a task that waits for the window: a shorter threshold wakes it";
    hold(&[G3, G5], claim, told_of_a_shorter_threshold);
}
