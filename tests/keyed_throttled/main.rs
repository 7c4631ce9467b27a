//! `KeyedThrottled`: each operation, each end and each panic, on a clock that the test moves.

#![cfg(feature = "keyed")]

#[path = "../support/mod.rs"]
mod support;

mod ends;
mod keys;
mod operations;
mod panics;
mod subject;
