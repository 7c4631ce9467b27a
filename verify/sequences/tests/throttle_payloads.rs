//! Sequences of all operations of a `Throttle` with each payload, with a thread for the owner.

mod driver;

use watchdog as _;

driver::sequence!(sequences::ThrottlePayloads);
