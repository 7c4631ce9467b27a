//! Sequences of all operations of a `Throttle`, with clocks that jump and thresholds that change.

mod driver;

use watchdog as _;

driver::sequence!(sequences::Throttle);
