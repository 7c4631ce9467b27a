//! `KeyedThrottled`: each operation, each end and each panic, on a clock that the test moves.

#![cfg(feature = "keyed")]

use watchdog as _;

#[path = "../support/mod.rs"]
mod support;

mod cancelled;
mod contention;
mod edges;
mod ends;
mod keys;
mod late;
mod operations;
mod panics;
mod subject;
