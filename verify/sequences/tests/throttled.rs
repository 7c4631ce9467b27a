//! Sequences of all operations of a `Throttled`, with clocks that jump, runs that are held up and runs that panic.

mod driver;

use watchdog as _;

driver::sequence!(sequences::Throttled);
