//! `clocks`: what the clocks cost, and whether they agree.

use clap::Parser;
use std::time::Duration;

/// Measures the clocks: what a reading costs, how far it lags, and whether it is ordered across cores.
#[derive(Parser, Debug)]
#[command(name = "clocks", bin_name = "cargo xtask clocks")]
pub struct Options {
    /// How long to look at each clock, in seconds
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
}

impl Options {
    #[must_use]
    pub fn time(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_whole_seconds_up_to_an_hour() {
        let parse = |seconds| Options::try_parse_from(["clocks", "--seconds", seconds]);
        assert_eq!(parse("3600").unwrap().time(), Duration::from_secs(3600));
        for bad in ["0", "3601", "-1", "1.5", "x"] {
            assert!(parse(bad).is_err(), "{bad} was taken");
        }
    }
}
