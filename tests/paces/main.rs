//! When the pending run of a `Throttled` may start, beside its window: `delay`, `debounce`, `enough`.
//!
//! Everything is driven by hand, on a clock that is moved by hand, so each instant is exact.

use watchdog as _;

mod enough;
mod properties;
mod table;
mod timelines;
