//! Times and thresholds at full width, against arithmetic on wider numbers.

mod driver;

use watchdog as _;

driver::corpus!(sequences::Arithmetic);
