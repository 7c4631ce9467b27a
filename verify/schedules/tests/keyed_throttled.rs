//! What holds of the keys of a `KeyedThrottled`: its thread, and four more that call, cancel, flush, evict, wait,
//! end it, and move the clock.

#[path = "keyed_throttled/properties.rs"]
mod properties;

mod subject {
    pub use atomic_throttle::{
        Count, KeyedThrottled, Manual, NotTaken, Pending, Shutdown, Timestamp, WaitError, WeakKeyedThrottled,
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
