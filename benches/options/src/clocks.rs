//! `clocks`: what the clocks cost, and whether they agree.

use crate::shared::Seconds;
use clap::Parser;
use std::time::Duration;

/// Measures each clock for a while: what a reading costs, how far it lags, and whether it is ordered across
/// cores.
#[derive(Parser, Debug)]
#[command(name = "clocks", bin_name = "cargo xtask clocks")]
pub struct Options {
    #[command(flatten)]
    seconds: Seconds<2>,
}

impl Options {
    /// How long each clock is looked at.
    #[must_use]
    pub fn time(&self) -> Duration {
        self.seconds.time()
    }
}
