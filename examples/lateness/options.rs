//! The command line.

use super::rows;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use measure_options::shared::{Picture, Rounds, Sheet, Threshold};
use std::time::Duration;

/// For all rounds together.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Measures how late deferred runs start, and prints the distribution for each way to defer one.
#[derive(Parser, Debug)]
#[command(name = "lateness")]
pub struct Options {
    #[command(flatten)]
    rounds: Rounds<300, 30>,

    /// A shorter window may be over before the second call, and then no run is deferred.
    #[command(flatten)]
    threshold: Threshold<5_000, 100, { u64::MAX }>,

    #[command(flatten)]
    picture: Picture,
}

impl Options {
    pub fn rounds(&self) -> u32 {
        self.rounds.count()
    }

    pub fn threshold(&self) -> Duration {
        self.threshold.time()
    }

    /// Refuses what would be known only after the measurement: that it does not end, or cannot be drawn.
    /// Returns what the picture is drawn on.
    pub fn check(&self) -> Result<Option<Sheet<'_>>, clap::Error> {
        let refuse = |why| Self::command().error(ErrorKind::ValueValidation, why);
        let (rounds, threshold) = (self.rounds(), self.threshold());
        let rows = u32::try_from(rows::NAMES.len()).unwrap_or(u32::MAX);
        let whole = threshold.checked_mul(rows).and_then(|round| round.checked_mul(rounds));
        if whole.is_none_or(|whole| whole > LONGEST) {
            let threshold = humantime::format_duration(threshold);
            let why = format!("--rounds {rounds} with --threshold {threshold} take more than a day");
            return Err(refuse(why));
        }
        self.picture.open().map_err(refuse)
    }
}

#[cfg(test)]
mod tests {
    use super::Options;
    use clap::Parser;

    fn checked(arguments: &[&str]) -> Result<Options, clap::Error> {
        let options = Options::try_parse_from([&["lateness"], arguments].concat())?;
        options.check().map(drop)?;
        Ok(options)
    }

    #[test]
    fn takes_what_ends_within_a_day() {
        for arguments in [&[][..], &["--threshold", "100us"], &["--rounds", "1", "--threshold", "3h"]] {
            assert!(checked(arguments).is_ok(), "{arguments:?}");
        }
    }

    #[test]
    fn refuses_a_threshold_that_it_cannot_wait_for() {
        let forever = "18446744073709551615s 999999999ns";
        for (rounds, threshold) in
            [("1", "0"), ("1", "99us"), ("1", "5h"), ("300", "1m"), ("1000000", "1s"), ("1", forever)]
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
        assert!(checked(&["--svg", &path("new.svg")]).is_ok());
    }
}
