//! Explores the protocol among processes: the real [`Course`](atomic_throttle_cluster::course::Course) of
//! each, a register that holds a real cell, clocks, and everything that can fail, at any step.

use watchdog as _;

mod event;
mod exploration;
mod judge;
mod liveness;
mod planted;
mod possible;
mod process;
mod register;
mod setting;
mod shipped;
mod system;
