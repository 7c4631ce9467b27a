//! Sequences of all operations on a `Keyed`, with evictions at any point and a limit of keys.

mod driver;

use watchdog as _;

driver::sequence!(sequences::Keyed);
