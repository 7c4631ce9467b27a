//! Sequences of all operations of a `KeyedThrottled` with each payload, its task polled by hand.

mod driver;

use watchdog as _;

driver::sequence!(sequences::KeyedPayloads);
