//! `contention`: how calls scale with threads.

mod scenario;

pub use self::scenario::Scenario;

use crate::shared::{Folder, Rounds, crowd, within};
use clap::Parser;
use std::path::PathBuf;
use std::time::Duration;

const USUAL: Duration = Duration::from_millis(50);
const QUICK: Duration = Duration::from_millis(5);

/// Measures how calls of this library and of its peers scale with threads: tables, a picture and a page.
///
/// Everything is measured once in each round; figures are medians over the rounds.
#[derive(Parser, Debug)]
#[command(name = "contention", bin_name = "cargo xtask contention")]
pub struct Options {
    #[command(flatten)]
    rounds: Rounds<5, 1>,
    /// How long each measurement takes, from 1ms to 10s [default: 50ms, or 5ms if quick]
    #[arg(long, value_parser = time)]
    time: Option<Duration>,
    /// The most threads; 1, 2, 4, ... are measured [default: four times the cores, and at least 8]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    max_threads: Option<u16>,
    /// Only this scenario; may be given more than once [default: all]
    #[arg(long, value_enum)]
    scenario: Vec<Scenario>,
    #[command(flatten)]
    folder: Folder,
}

/// A time that a measurement can take.
fn time(text: &str) -> Result<Duration, String> {
    within(&(Duration::from_millis(1)..=Duration::from_secs(10)), text)
}

impl Options {
    #[must_use]
    pub fn rounds(&self) -> usize {
        usize::try_from(self.rounds.count()).unwrap_or(usize::MAX)
    }

    #[must_use]
    pub fn time(&self) -> Duration {
        self.time.unwrap_or(if self.rounds.is_quick() { QUICK } else { USUAL })
    }

    #[must_use]
    pub fn max_threads(&self, cores: usize) -> usize {
        self.max_threads.map_or_else(|| crowd(cores), usize::from)
    }

    /// In their own order, each once.
    #[must_use]
    pub fn scenarios(&self) -> Vec<Scenario> {
        let all = Scenario::ALL.into_iter();
        all.filter(|scenario| self.scenario.is_empty() || self.scenario.contains(scenario)).collect()
    }

    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.folder.of("contention")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<Options, clap::Error> {
        Options::try_parse_from(std::iter::once("contention").chain(words.split_whitespace()))
    }

    #[test]
    fn what_is_not_given_is_as_usual() {
        let usual = parse("").unwrap();
        assert_eq!((usual.rounds(), usual.time()), (5, Duration::from_millis(50)));
        assert_eq!((usual.max_threads(1), usual.max_threads(16)), (8, 64));
        assert_eq!(usual.scenarios(), Scenario::ALL);
        let quick = parse("--quick --rounds 2").unwrap();
        assert_eq!((quick.rounds(), quick.time()), (2, Duration::from_millis(5)));
        let some = parse("--scenario window --scenario coalesced --max-threads 3").unwrap();
        assert_eq!(some.scenarios(), [Scenario::Coalesced, Scenario::Window]);
        assert_eq!(some.max_threads(16), 3);
    }

    #[test]
    fn what_cannot_be_is_refused_with_status_2() {
        let bad = "--rounds 0|--rounds x|--time 0s|--time 5|--time 11s|--max-threads 0|--scenario x|--no|x|--out Cargo.toml";
        for words in bad.split('|') {
            let why = parse(words).unwrap_err();
            assert_eq!(why.exit_code(), 2, "{words}: {why}");
        }
    }
}
