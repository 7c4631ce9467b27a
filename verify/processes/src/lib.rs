//! Trials of `atomic-throttle-cluster`: real processes at a real register, killed, stopped and cut off while they
//! call and run.
//!
//! Each process is a [`participant`], and writes what happens to it to a [`log`] of its own. When all have
//! ended, the [`judge`] reads the logs and decides from them alone whether the guarantees held.
//!
//! What this cannot show: a history that did not happen. The schedules of faults are many and seeded, but the kernel
//! decides what they meet. That no interleaving breaks a guarantee is shown by exploration, beside the library.

#[cfg(test)]
use watchdog as _;

pub mod judge;
pub mod log;
pub mod participant;
pub mod scene;
