//! What holds of the keys of a `KeyedThrottled`: its thread, and four more that call, cancel, flush, evict, wait,
//! end it, and move the clock.

#[path = "keyed_throttled/properties.rs"]
mod properties;

mod subject {
    pub use atomic_throttle::{
        Count, KeyedThrottled, Manual, NotTaken, Pending, Shutdown, Threshold, Timestamp, WaitError,
        WeakKeyedThrottled,
    };
}

use evidence::Guarantee::{G1, G2, G3, G5, G6};
use schedules::hold;
use watchdog as _;

#[test]
fn calls_on_keys_are_covered_and_counted_through_all_operations() {
    let claim =
        "4 threads, one for the runs, 2 keys: calls, cancels, flushes, evictions, panics, ends; counts";
    hold(&[G1, G2, G3, G5, G6], claim, properties::of_all_operations);
}

#[test]
fn evictions_lose_no_pending_key() {
    let claim = "3 threads, one for the runs, 2 keys: evictions lose no key that is pending";
    hold(&[G1, G2, G3, G5], claim, properties::evictions_lose_no_pending_key);
}

#[test]
fn the_owner_is_told_of_a_shorter_threshold() {
    let claim = "keys, a thread that waits for a window: a shorter threshold of all keys wakes it";
    hold(&[G3, G5], claim, properties::told_of_a_shorter_threshold_of_all);
}

#[test]
fn the_owner_is_told_of_a_shorter_threshold_of_a_key() {
    let claim = "keys, a thread that waits for a window: a shorter threshold of that key wakes it";
    hold(&[G3, G5], claim, properties::told_of_a_shorter_threshold_of_its_own);
}
