//! Sequences of all operations on a `Gate`, with clocks that jump and thresholds that change.

mod driver;

use watchdog as _;

driver::sequence!(sequences::Gate);
