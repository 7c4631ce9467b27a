//! Exercises the built library from outside, on the real clock, under contention: `cargo run --release
//! --example storm` for some seconds, `cargo xtask soak` for as long as you like. README.md says what they
//! show.
//!
//! Many threads, or tasks, call one throttle, or one for each key. Before each call a caller publishes the
//! number of the call in a relaxed atomic; each run records the numbers that it sees. So every promise can be
//! checked afterwards, without a lock or a fence that could make up for one that the throttle lacks.
//!
//! The callers, what a run records and the judge are the same for all front ends; each of those is a file
//! in `front/`. The storm performs one storm. The soak performs storm after storm, each drawn at random as a
//! command line.
//!
//! Pictures and tables of every program are drawn here, too: [`table`], and with the feature `chart` pictures.

#![allow(
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "only its own examples use it"
)]

pub mod caller;
#[cfg(feature = "chart")]
pub mod chart;
mod course;
pub mod front;
pub mod judge;
pub mod options;
pub mod print;
pub mod record;
pub mod recorder;
pub mod rows;
pub mod running;
pub mod slice;
pub mod table;
mod turns;
pub mod wakes;
pub mod watch;
pub mod whole;

#[cfg(test)]
use watchdog as _;
