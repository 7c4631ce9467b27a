//! What holds of an `AsyncThrottle` in a forked child: each of its threads may be the first that asks.

mod async_properties;

mod subject {
    pub use atomic_throttle::{AsyncThrottle, NotFlushed, Outcome, Ticket, WaitError};
}

use async_properties::{waits_with_a_fork, with_a_fork};
use evidence::Guarantee::{G1, G2, G3, G5};
use schedules::hold;
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
