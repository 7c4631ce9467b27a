//! What the programs that measure and those that storm have in common: pictures and tables.
//!
//! All of them draw with one hand: the same colours, letters, scales and lanes, and the same way to write a count, a
//! time and a ratio. The storm and the soak themselves are the examples of this package.

#[cfg(test)]
use watchdog as _;

#[cfg(feature = "chart")]
pub mod chart;
pub mod table;
