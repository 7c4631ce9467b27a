//! `soak`: a long storm.

use crate::shared::{DRAWN, Threads, duration, positive};
use clap::{Parser, ValueEnum};
use std::time::Duration;

/// The most threads of a round, unless more are asked for.
const CROWD: usize = 100;

/// Calls one throttle from many threads for a long time, and says whether the guarantees held.
///
/// The soak is a series of storms, each drawn at random as a command line of the example `storm`: threads,
/// threshold, run times, and how often there are panics, cancels, flushes, limits, calls from inside runs and
/// changes of the threshold. All front ends take turns. After each round every promise is compared with the
/// runs. The exit status is 0 if the guarantees held, the memory stayed flat and no thread was left behind, 1
/// if not, 2 for bad arguments.
#[derive(Parser, Clone, Debug)]
#[command(name = "soak", bin_name = "cargo xtask soak")]
pub struct Options {
    /// How many minutes the soak lasts, such as 0.2
    #[arg(long, default_value = "1", value_parser = minutes)]
    pub minutes: Duration,

    #[command(flatten)]
    threads: Threads<DRAWN>,

    /// Repeat the random choices of an earlier run, though not its schedule [default: drawn]
    #[arg(long)]
    pub seed: Option<u64>,

    /// How long a call may take beyond every window and run before it counts as stuck, such as 30s
    #[arg(long, default_value = "30s", value_parser = duration)]
    pub patience: Duration,

    /// Make the callers misbehave, to see that the judge notices
    #[arg(long, hide = true)]
    pub plant: Option<Plant>,
}

/// A fault of the callers, which the judge must see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Plant {
    /// A flush is not reported.
    Early,
    /// The function is called without the throttle now and then.
    Overlap,
    /// A number is published after the call that it belongs to.
    Late,
    /// A cancel is not reported.
    Silent,
    /// A value is not that of its call now and then, or a call is not reported.
    Forge,
    /// A run that fails says that it has succeeded.
    Hush,
}

impl Options {
    #[must_use]
    pub fn threads(&self) -> Option<usize> {
        self.threads.asked()
    }

    /// The most threads that any round has.
    #[must_use]
    pub fn most_threads(&self) -> usize {
        self.threads().unwrap_or(CROWD)
    }
}

fn minutes(text: &str) -> Result<Duration, String> {
    match Duration::try_from_secs_f64(positive(text)? * 60.0) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        Ok(_) => Err("must be greater than 0".to_owned()),
        Err(e) => Err(e.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::Options;
    use clap::Parser;
    use std::time::Duration;

    fn parse(arguments: &str) -> Result<Options, clap::Error> {
        Options::try_parse_from(std::iter::once("soak").chain(arguments.split_whitespace()))
    }

    #[test]
    fn takes_a_part_of_a_minute() {
        assert_eq!(parse("--minutes 0.2").unwrap().minutes, Duration::from_secs(12));
        assert_eq!(parse("--threads 3").unwrap().most_threads(), 3);
    }

    #[test]
    fn refuses_what_makes_no_soak() {
        for bad in [
            "--minutes 0",
            "--minutes -1",
            "--minutes x",
            "--minutes NaN",
            "--minutes inf",
            "--minutes 1e300",
            "--threads 0",
            "--threads 1025",
            "--seed x",
            "--patience -1s",
            "--plant nothing",
            "--unknown",
        ] {
            assert!(parse(bad).is_err(), "{bad} was taken");
        }
    }
}
