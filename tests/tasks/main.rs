//! A `Throttled` in tasks: on tokio, whose clock is paused, on smol, and in futures that are polled and dropped by hand.

use watchdog as _;

#[path = "../support/mod.rs"]
mod support;

#[allow(dead_code, reason = "these tests use a part of it")]
#[path = "../../verify/sequences/src/by_hand.rs"]
mod by_hand;

mod driven;
mod dropped;
mod hostile;
#[cfg(feature = "keyed")]
mod keyed;
mod paused;
mod superseded;
