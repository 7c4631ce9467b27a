//! Sequences of all operations of a `Throttled` with each payload, with its thread.

mod driver;

use watchdog as _;

driver::sequence!(sequences::Payloads);
