//! What a memory model lets a small program do, by enumeration.
//!
//! A program is a few threads over a few locations. Its executions are graphs of events: which event comes
//! first in its thread, which write a read takes its value from, and in which order the writes of a location
//! stand. A model is a handful of axioms that such a graph must meet. Trying all graphs, and keeping those
//! that meet the axioms, finds all that a program may do. Nothing is run, and no schedule is chosen.
//!
//! The model of the language is that of Ori Lahav, Viktor Vafeiadis, Jeehoon Kang, Chung-Kil Hur and Derek
//! Dreyer, "Repairing Sequential Consistency in C/C++11", PLDI 2017. [`Model::CPP20`] differs from it where C++20
//! has since taken something away: a part of the release sequence. Rust's atomics are those of C++20.
//!
//! One axiom is stronger than the language: none of RC11's executions has a cycle of "before it in its thread"
//! and "takes its value from". So values do not come out of thin air, but relaxed loads are not buffered beyond
//! later stores either, which C++ and some processors allow. [`Model::BUFFERED`] is without that axiom.
//!
//! [`Model::ARMV8`] and [`Model::RISCV`] are the published models of these processors, for the instructions that a
//! compiler makes of the accesses.
//!
//! It is meant for programs of a few operations a thread, with at most 64 events. It cannot show what a
//! compiler does beyond choosing instructions.

mod axioms;
mod candidates;
mod execution;
mod foresee;
mod generate;
mod herd;
mod judgement;
mod model;
mod order;
mod program;
mod relation;
mod thread;

pub use self::candidates::Candidates;
pub use self::judgement::{FinalState, Judgement};
pub use self::model::{Departure, Model};
pub use self::order::Order;
pub use self::program::{Location, Program};
pub use self::thread::{Dependency, Thread};

#[cfg(test)]
use watchdog as _;
