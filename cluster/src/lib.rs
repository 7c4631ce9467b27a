#![warn(missing_docs, missing_debug_implementations, unreachable_pub)]
//! One throttle for many processes and machines: run this at most once per threshold, and never lose the last
//! request, though any of them may die.

pub mod cell;
pub mod course;
pub mod register;
mod throttled;

pub use self::cell::Cell;
pub use self::throttled::{
    Builder, ClusterThrottled, Ended, Left, Run, SpawnError, Status, Ticket, WaitError,
};
