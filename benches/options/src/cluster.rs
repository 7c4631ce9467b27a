//! `cluster-figures`: what a throttle of several processes costs its register, and how soon it acts.

use crate::shared::{Threshold, within};
use clap::Parser;
use std::time::Duration;

/// Measures a throttle of several processes: commands to its register, how late runs are, takeovers.
///
/// All processes, and the server, are on this machine. An answer of Redis over a network takes longer, by the time to
/// the server and back. The program fails if the judge of the trials finds a broken guarantee.
#[derive(Parser, Clone, Debug)]
#[command(name = "cluster", bin_name = "cargo xtask cluster")]
pub struct Options {
    /// How long each measurement takes, from 1ms to 1h
    #[arg(long, default_value = "5s", value_parser = time)]
    pub time: Duration,

    /// How many processes are killed for each row
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub kills: u32,

    /// Each kill waits for a window to end.
    #[command(flatten)]
    threshold: Threshold<200_000, 1_000, 60_000_000>,

    /// The most processes; 1, 2, 4, ... are measured
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=256))]
    pub processes: u32,
}

fn time(text: &str) -> Result<Duration, String> {
    within(&(Duration::from_millis(1)..=Duration::from_secs(60 * 60)), text)
}

impl Options {
    #[must_use]
    pub fn threshold(&self) -> Duration {
        self.threshold.time()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<Options, clap::Error> {
        Options::try_parse_from(std::iter::once("cluster").chain(words.split_whitespace()))
    }

    #[test]
    fn takes_what_can_be_measured() {
        let usual = parse("").unwrap();
        assert_eq!((usual.time, usual.kills, usual.processes), (Duration::from_secs(5), 20, 16));
        assert_eq!(parse("--threshold 1m").unwrap().threshold(), Duration::from_secs(60));
    }

    #[test]
    fn refuses_what_cannot_be_measured() {
        for bad in [
            "--time 0",
            "--time 2h",
            "--kills 0",
            "--kills 10001",
            "--threshold 0",
            "--threshold 999us",
            "--threshold 61s",
            "--threshold 18446744073709551615s",
            "--processes 0",
            "--processes 257",
            "--unknown",
        ] {
            assert_eq!(parse(bad).unwrap_err().exit_code(), 2, "{bad}");
        }
    }
}
