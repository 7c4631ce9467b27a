//! Threads that take turns on a `Gate`, each with its own guards, and its own reading of the clock.

mod driver;

use watchdog as _;

driver::sequence!(sequences::Threads);
