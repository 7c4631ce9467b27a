//! The background front end: each operation, each panic and each end, on a clock that the test moves.

use watchdog as _;

#[path = "../support/mod.rs"]
mod support;

mod ends;
mod operations;
mod panics;
mod rest;
mod subject;
