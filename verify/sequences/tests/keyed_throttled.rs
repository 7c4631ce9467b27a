//! Sequences of all operations of a `KeyedThrottled`, with its thread and evictions at any point.

mod driver;

use watchdog as _;

driver::sequence!(sequences::KeyedThrottled);
