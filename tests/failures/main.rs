//! Runs of a `Throttled` that fail: what is told, what is tried again, and what becomes of the values.
//!
//! Most are driven by hand, on a clock that is moved by hand.

use watchdog as _;

#[path = "../support/mod.rs"]
mod support;

mod ends;
mod hostile;
mod properties;
mod retries;
mod told;
mod unkind;
