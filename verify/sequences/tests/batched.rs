//! Sequences of all operations of a `Batched`, with its thread.

mod driver;

use watchdog as _;

driver::sequence!(sequences::Batched);
