//! Sequences of all operations of an `AsyncThrottle` with each payload, its tasks polled and dropped one by one.

mod driver;

use watchdog as _;

driver::sequence!(sequences::AsyncPayloads);
