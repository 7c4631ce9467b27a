//! The command lines of the programs that `cargo xtask` builds and runs: one module for each program.
//!
//! The program parses with it, and so does `cargo xtask` before it builds anything: it answers `--help` and a
//! wrong argument at once, in the program's own words.

#[cfg(test)]
use watchdog as _;

pub mod clocks;
pub mod cluster;
pub mod contention;
pub mod growth;
pub mod shared;
pub mod soak;
pub mod wakes;
