//! What holds of an `AsyncThrottle` in a forked child: each of its threads may be the first that asks.

mod async_properties;

mod subject {
    pub use atomic_throttle::{AsyncThrottle, NotFlushed, Outcome, Ticket, WaitError};
}

use async_properties::{waits_with_a_fork, with_a_fork};
use evidence::Guarantee::{G1, G2, G3, G5};
use schedules::child::{self, Fault};
use schedules::{Model, find, hold};
use watchdog as _;

#[test]
fn calls_in_a_forked_child_are_covered() {
    let claim = "async, 3 threads of a forked child: runs exclude each other, and each call is covered";
    hold(&[G1, G2, G3, G5], claim, with_a_fork);
}

#[test]
fn waits_in_a_forked_child_end() {
    let claim = "async, 3 threads of a forked child: each wait for what the parent had begun ends, as owed";
    hold(&[G3, G5], claim, waits_with_a_fork);
}

fn found(fault: Fault, named: &str, model: Model, complaint: &str) {
    find(named, || child::plant(Some(fault)), model, complaint);
    child::plant(None);
}

#[test]
fn a_child_that_takes_over_late() {
    let named = "AsyncThrottle: a child begins a run before it takes over from its parent";
    found(Fault::NoticesLate, named, with_a_fork, "G2: runs overlap or G3");
}

#[test]
fn a_child_that_wakes_nobody() {
    let named = "AsyncThrottle: a child leaves owed what its parent had begun, and wakes nobody";
    found(Fault::WakesNobody, named, waits_with_a_fork, "deadlock");
}
