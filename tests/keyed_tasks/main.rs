//! `KeyedThrottled` with payloads, tickets, paces, failures and thresholds of its keys, in a task that is polled by hand, and
//! on tokio.

#![cfg(feature = "keyed")]

use watchdog as _;

#[path = "../support/mod.rs"]
mod support;

#[allow(dead_code, reason = "these tests use a part of it")]
#[path = "../../verify/sequences/src/by_hand.rs"]
mod by_hand;

mod clocks;
mod concurrent;
mod dropped;
mod failures;
mod given;
mod hostile;
mod kept;
mod paces;
mod subject;
mod thresholds;
mod told;
