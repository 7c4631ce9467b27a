//! `--threads`: how many of them call.

use clap::{Args, value_parser};
use std::thread;

/// All of them at once: more than cores, so that some are preempted at every point of a call.
pub const CROWD: bool = false;
/// As many as are drawn for each round.
pub const DRAWN: bool = true;

#[derive(Args, Clone, Copy, Debug)]
pub struct Threads<const USUAL: bool> {
    #[arg(
        long,
        value_parser = value_parser!(u16).range(1..=1024),
        help = format!(
            "Threads that call, at most 1024 [default: {}]",
            if USUAL == CROWD { "4 for each core, at least 8" } else { "drawn for each round" }
        )
    )]
    threads: Option<u16>,
}

impl<const USUAL: bool> Threads<USUAL> {
    /// What was asked for.
    #[must_use]
    pub fn asked(&self) -> Option<usize> {
        self.threads.map(usize::from)
    }
}

impl Threads<CROWD> {
    #[must_use]
    pub fn count(&self) -> usize {
        self.asked().unwrap_or_else(|| crowd(thread::available_parallelism().map_or(2, usize::from)))
    }
}

/// The usual number of threads on so many cores.
#[must_use]
pub fn crowd(cores: usize) -> usize {
    cores.saturating_mul(4).clamp(8, 1024)
}

#[cfg(test)]
mod tests {
    use super::{CROWD, DRAWN, Threads, crowd};
    use clap::{CommandFactory, Parser};

    #[derive(Parser)]
    struct Program<const USUAL: bool> {
        #[command(flatten)]
        threads: Threads<USUAL>,
    }

    #[test]
    fn a_crowd_is_larger_than_the_machine() {
        assert_eq!([1, 2, 16, 1000].map(crowd), [8, 8, 64, 1024]);
        assert!(Program::<CROWD>::parse_from(["it"]).threads.count() >= 8);
        assert_eq!(Program::<CROWD>::parse_from(["it", "--threads", "3"]).threads.count(), 3);
        assert_eq!(Program::<DRAWN>::parse_from(["it"]).threads.asked(), None);
        for bad in ["0", "-1", "1025"] {
            assert!(Program::<CROWD>::try_parse_from(["it", "--threads", bad]).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_usual_number_is_named() {
        let help = |command: clap::Command| command.term_width(0).render_help().to_string();
        assert!(help(Program::<CROWD>::command()).contains("[default: 4 for each core, at least 8]"));
        assert!(help(Program::<DRAWN>::command()).contains("[default: drawn for each round]"));
    }
}
