//! What the benches and programs of this package measure besides the library: the [peers], each as fast as
//! its promises allow, and the [promises] of each.

#![allow(clippy::missing_panics_doc, clippy::must_use_candidate, reason = "nobody else uses it")]

use std::fmt::Display;
use std::io::{self, Write};

#[cfg(test)]
use watchdog as _;

pub mod machine;
pub mod peers;
pub mod promises;
pub mod rows;
pub mod statistics;

/// Keeps what is measured on cache lines of its own, so that no row pays for its neighbours in memory.
#[repr(align(128))]
pub struct Padded<T>(pub T);

/// Writes a line to standard error. If nobody reads that, the line is lost and the program goes on.
pub fn notice(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}
