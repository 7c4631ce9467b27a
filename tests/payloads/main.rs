//! What the calls of a `Throttled` leave for the run that covers them.

use watchdog as _;

#[path = "../support/mod.rs"]
mod support;

mod collecting;
mod counting;
mod dropped;
mod latest;
mod merging;
mod values;
