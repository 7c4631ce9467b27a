//! One transition at full width, also under a lease.

mod driver;

use watchdog as _;

driver::corpus!(sequences::Transitions);
