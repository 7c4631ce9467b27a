//! `growth`: how the cost of a call changes as work grows.

use crate::shared::{Folder, Rounds};
use clap::{Parser, ValueEnum};
use std::path::PathBuf;

/// Measures how the cost of a call changes as work grows: calls in a window, keys, threads.
///
/// Writes a picture and a table for each, and a page with all of them. Fails if a count is wrong, never for a
/// time.
#[derive(Parser, Debug)]
#[command(name = "growth", bin_name = "cargo xtask growth")]
pub struct Options {
    #[command(flatten)]
    rounds: Rounds<15, 3>,

    /// Measure only this; may be given again
    #[arg(long, value_name = "AXIS")]
    only: Vec<Along>,

    #[command(flatten)]
    folder: Folder,
}

/// What grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Along {
    /// Calls in one window
    Calls,
    /// Keys
    Keys,
    /// Threads
    Threads,
}

impl Along {
    pub const ALL: [Self; 3] = [Self::Calls, Self::Keys, Self::Threads];

    /// The name of its files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Keys => "keys",
            Self::Threads => "threads",
        }
    }

    /// How far it goes, from 1.
    #[must_use]
    pub fn sizes(self, quick: bool) -> Vec<u64> {
        let powers = |base: u64, greatest: u32| (0..=greatest).map(|power| base.pow(power)).collect();
        match (self, quick) {
            (Self::Calls | Self::Keys, false) => powers(10, 7),
            (Self::Threads, false) => powers(2, 6),
            (Self::Calls, true) => powers(10, 5),
            (Self::Keys, true) => powers(10, 4),
            (Self::Threads, true) => powers(2, 4),
        }
    }
}

impl Options {
    #[must_use]
    pub fn rounds(&self) -> u32 {
        self.rounds.count()
    }

    #[must_use]
    pub fn is_quick(&self) -> bool {
        self.rounds.is_quick()
    }

    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.folder.of("growth")
    }

    #[must_use]
    pub fn axes(&self) -> Vec<Along> {
        Along::ALL.into_iter().filter(|along| self.only.is_empty() || self.only.contains(along)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Along, Options};
    use clap::Parser;

    fn parsed(arguments: &str) -> Options {
        Options::try_parse_from(std::iter::once("growth").chain(arguments.split_whitespace())).unwrap()
    }

    #[test]
    fn every_axis_is_measured_unless_some_are_named() {
        assert_eq!(parsed("").axes(), Along::ALL);
        assert_eq!(parsed("--only keys --only calls").axes(), [Along::Calls, Along::Keys]);
        assert_eq!((parsed("").rounds(), parsed("--quick").rounds()), (15, 3));
        assert_eq!(parsed("--quick --rounds 1").rounds(), 1);
        assert!(Options::try_parse_from(["growth", "--rounds", "0"]).is_err());
        assert!(Options::try_parse_from(["growth", "--out", "Cargo.toml"]).is_err());
    }

    #[test]
    fn the_axes_go_as_far_as_they_say() {
        let greatest = |quick| Along::ALL.map(|along| along.sizes(quick).pop().unwrap());
        assert_eq!(greatest(false), [10_000_000, 10_000_000, 64]);
        assert_eq!(greatest(true), [100_000, 10_000, 16]);
        assert!(Along::ALL.into_iter().all(|along| along.sizes(false)[0] == 1));
    }
}
