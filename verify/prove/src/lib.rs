//! Proves that what the compiler made of the transitions equals the table in `docs/word.md`, for all values, and that
//! each step keeps its part of the guarantees.
//!
//! - [`compile`] has the compiler emit LLVM IR of the library, and of the wrappers in `exports`.
//! - [`ir`] reads it, and [`machine`] executes it symbolically.
//! - [`table`] gives the words of the table a meaning in numbers, and [`statements`] reads what is promised of one step
//!   without the table.
//! - [`claims`] puts both together, and [`solver`] looks for values that break a claim.
//! - [`proof`] says what is asked of which build, and reports it.
//! - [`planted`] has the faults that must be found.

pub mod claims;
pub mod compile;
pub mod ir;
pub mod machine;
pub mod planted;
pub mod proof;
pub mod solver;
pub mod statements;
pub mod table;
pub mod term;

#[cfg(test)]
use watchdog as _;
