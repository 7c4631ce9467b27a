//! The front end at a register in memory: in one process, or several front ends that stand for processes.

mod between;
mod calls;
mod edges;
mod ends;
mod failing;
mod failures;
mod late;

use std::time::Duration;

/// A wait that would be a fault if it took so long.
const LIMIT: Duration = Duration::from_secs(30);
const THRESHOLD: Duration = Duration::from_millis(20);
