//! `wakes`: waits and wake-ups of real threads.

use crate::shared::duration;
use clap::Parser;
use std::time::Duration;

/// Has real threads wait and be woken, very often, and says whether a wake-up was lost.
///
/// Threads go round rings of throttles. At each throttle all of them wait for one run, and one operation releases them: the
/// end of a run, a flush, a cancel, a changed threshold. Nothing else wakes them, so a wake-up that is lost
/// leaves them waiting, and the watch names them. The exit status is 0 if every wait returned, 1 if not, 2 for bad arguments.
#[derive(Parser, Clone, Debug)]
#[command(name = "wakes", bin_name = "cargo xtask wakes")]
pub struct Options {
    /// How many waits at least, such as 100000000
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub waits: u64,

    /// How many threads wait together for one run
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub waiters: u16,

    /// How many rings of so many threads go round side by side
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub rings: u16,

    /// How long a ring may stand still before a wait in it counts as one that was not woken, such as 20s
    #[arg(long, default_value = "20s", value_parser = duration)]
    pub patience: Duration,
}

#[cfg(test)]
mod tests {
    use super::Options;
    use clap::Parser;

    fn parse(arguments: &str) -> Result<Options, clap::Error> {
        Options::try_parse_from(std::iter::once("wakes").chain(arguments.split_whitespace()))
    }

    #[test]
    fn takes_the_numbers_of_waits_and_threads() {
        let options = parse("--waits 100000000 --waiters 1 --rings 3").unwrap();
        assert_eq!((options.waits, options.waiters, options.rings), (100_000_000, 1, 3));
    }

    #[test]
    fn refuses_what_nobody_waits_in() {
        for bad in [
            "--waits 0",
            "--waits -1",
            "--waiters 0",
            "--waiters 257",
            "--rings 0",
            "--patience -1s",
            "--unknown",
        ] {
            assert!(parse(bad).is_err(), "{bad} was taken");
        }
    }
}
