//! The command line.

use super::rows;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A shorter window may be over before the second call, and then no run is deferred.
const SHORTEST: Duration = Duration::from_micros(100);
/// For all rounds together.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Measures how late deferred runs start, and prints the distribution for each way to defer one.
#[derive(Parser, Debug)]
#[command(name = "lateness")]
pub struct Options {
    /// How often each row is measured
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,

    /// The window, such as 5ms; at least 100us
    #[arg(long, default_value = "5ms", value_parser = threshold)]
    pub threshold: Duration,

    /// Draw the distributions into this file
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
}

impl Options {
    /// Refuses what would be known only after the measurement: that it does not end, or cannot be drawn.
    pub fn check(&self) -> Result<(), clap::Error> {
        let refuse = |why| Err(Self::command().error(ErrorKind::ValueValidation, why));
        let round = u32::try_from(rows::NAMES.len()).ok().and_then(|rows| self.threshold.checked_mul(rows));
        let whole = round.and_then(|round| round.checked_mul(self.rounds));
        if whole.is_none_or(|whole| whole > LONGEST) {
            let (rounds, threshold) = (self.rounds, humantime::format_duration(self.threshold));
            return refuse(format!("--rounds {rounds} with --threshold {threshold} take more than a day"));
        }
        match self.svg.as_deref().map(open) {
            Some(Err(why)) => refuse(format!("--svg: {why}")),
            _ => Ok(()),
        }
    }
}

/// Creates the file if it is absent. What is in it stays there until there is a picture.
fn open(path: &Path) -> Result<(), String> {
    let opened = OpenOptions::new().write(true).create(true).truncate(false).open(path);
    opened.map(drop).map_err(|why| format!("cannot write {}: {why}", path.display()))
}

fn threshold(text: &str) -> Result<Duration, String> {
    let threshold = humantime::parse_duration(text).map_err(|why| why.to_string())?;
    if threshold >= SHORTEST {
        Ok(threshold)
    } else {
        Err("less than 100us: the window may be over before the second call".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::Options;
    use clap::Parser;
    use std::fs;

    fn checked(arguments: &[&str]) -> Result<Options, clap::Error> {
        let options = Options::try_parse_from([&["lateness"], arguments].concat())?;
        options.check().map(|()| options)
    }

    #[test]
    fn takes_what_ends_within_a_day() {
        for arguments in [&[][..], &["--threshold", "100us"], &["--rounds", "1", "--threshold", "4h"]] {
            assert!(checked(arguments).is_ok(), "{arguments:?}");
        }
    }

    #[test]
    fn refuses_a_threshold_that_it_cannot_wait_for() {
        let forever = "18446744073709551615s 999999999ns";
        for (rounds, threshold) in
            [("1", "0"), ("1", "99us"), ("1", "5h"), ("300", "1m"), ("4294967295", "5ms"), ("1", forever)]
        {
            let why = checked(&["--rounds", rounds, "--threshold", threshold]).unwrap_err();
            assert_eq!(why.exit_code(), 2, "{rounds} rounds of {threshold}: {why}");
        }
    }

    #[test]
    fn refuses_a_picture_that_it_cannot_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        for bad in [path("absent/lateness.svg"), folder.path().display().to_string(), String::new()] {
            let why = checked(&["--svg", &bad]).unwrap_err();
            assert_eq!(why.exit_code(), 2, "{bad}: {why}");
        }
        fs::write(path("earlier.svg"), "earlier").unwrap();
        for good in [path("new.svg"), path("earlier.svg")] {
            assert!(checked(&["--svg", &good]).is_ok(), "{good}");
        }
        assert_eq!(fs::read(path("earlier.svg")).unwrap(), b"earlier", "not before there is a picture");
    }
}
