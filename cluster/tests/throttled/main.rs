//! The front end at a register in memory: in one process, or several front ends that stand for processes.

mod between;
mod calls;
mod edges;
mod ends;
mod failing;
mod failures;
mod late;
mod operated;
mod tasks;

use std::time::Duration;
use watchdog as _;

/// A wait this long would be a fault.
const LIMIT: Duration = Duration::from_secs(30);
const THRESHOLD: Duration = Duration::from_millis(20);
