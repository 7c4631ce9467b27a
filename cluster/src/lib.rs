#![warn(missing_docs, missing_debug_implementations, unreachable_pub)]
//! One throttle for many processes and machines.

pub mod cell;
pub mod course;
pub mod register;

pub use self::cell::Cell;
