//! Sequences of all operations of an `AsyncThrottle`, its tasks and callers polled and dropped one by one.

mod driver;

use watchdog as _;

driver::sequence!(sequences::Asynchronous);
