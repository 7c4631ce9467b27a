//! [`Options`]: the command line of a participant.

use super::Fault;
use clap::{Parser, ValueEnum};
use rand::{Rng, RngExt};
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// The command line of a participant.
#[derive(Clone, Debug, Parser)]
pub struct Options {
    /// The location of the register.
    #[arg(long)]
    pub driver: String,
    /// The threshold.
    #[arg(long, value_parser = humantime::parse_duration)]
    pub threshold: Duration,
    /// The lease.
    #[arg(long, value_parser = humantime::parse_duration)]
    pub lease: Duration,
    /// How long a run takes: evenly distributed between the two
    #[arg(long, default_value = "1ms..5ms")]
    pub run_for: Span,
    /// Calls come in bursts, with gaps of the first length, and with pauses of the second length between
    /// bursts, on average. Without this it calls only on command
    #[arg(long)]
    pub calls_every: Option<Span>,
    /// Where to write the log. The file must be new.
    #[arg(long)]
    pub log: PathBuf,
    /// The seed of its random decisions
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// How long it waits for its last calls.
    #[arg(long, default_value = "60s", value_parser = humantime::parse_duration)]
    pub limit: Duration,
    /// How often it looks while nobody calls it, as a mean. Without this it does not
    #[arg(long, value_parser = humantime::parse_duration)]
    pub idle_look: Option<Duration>,
    /// A run does not end while this file exists.
    #[arg(long)]
    pub hold: Option<PathBuf>,
    /// Each run offers its token to the receiver in this file.
    #[arg(long)]
    pub receiver: Option<PathBuf>,
    /// A fault that is planted in it.
    #[arg(long)]
    pub fault: Option<Fault>,
}

impl Options {
    /// The arguments by which to start a participant with these options.
    #[must_use]
    pub fn args(&self) -> Vec<OsString> {
        let time = |duration| OsString::from(humantime::format_duration(duration).to_string());
        let mut args = vec![
            ("--driver", self.driver.clone().into()),
            ("--threshold", time(self.threshold)),
            ("--lease", time(self.lease)),
            ("--run-for", self.run_for.to_string().into()),
            ("--log", self.log.clone().into()),
            ("--seed", self.seed.to_string().into()),
            ("--limit", time(self.limit)),
        ];
        args.extend(self.calls_every.map(|every| ("--calls-every", every.to_string().into())));
        args.extend(self.idle_look.map(|mean| ("--idle-look", time(mean))));
        args.extend(self.hold.clone().map(|hold| ("--hold", hold.into())));
        args.extend(self.receiver.clone().map(|receiver| ("--receiver", receiver.into())));
        let fault = self.fault.and_then(|fault| fault.to_possible_value());
        args.extend(fault.map(|fault| ("--fault", fault.get_name().into())));
        args.into_iter().flat_map(|(name, value)| [name.into(), value]).collect()
    }
}

/// From the first to the second, written as `10ms..50ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration, pub Duration);

impl Span {
    /// In milliseconds.
    #[must_use]
    pub fn millis(from: u64, until: u64) -> Self {
        Self(Duration::from_millis(from), Duration::from_millis(until))
    }

    pub(super) fn draw(self, rng: &mut impl Rng) -> Duration {
        self.0 + self.1.saturating_sub(self.0).mul_f64(rng.random())
    }
}

impl FromStr for Span {
    type Err = Box<dyn std::error::Error + Send + Sync>;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (from, until) = text.split_once("..").ok_or("two times are asked for: 10ms..50ms")?;
        Ok(Self(humantime::parse_duration(from)?, humantime::parse_duration(until)?))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", humantime::format_duration(self.0), humantime::format_duration(self.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_what_their_arguments_say() {
        let options = Options {
            driver: String::from("memory:"),
            threshold: Duration::from_millis(50),
            lease: Duration::from_secs(2),
            run_for: Span::millis(0, 1500),
            calls_every: Some(Span::millis(1, 30)),
            log: PathBuf::from("/a b/log"),
            seed: 7,
            limit: Duration::from_secs(61),
            idle_look: Some(Duration::from_millis(70)),
            hold: Some(PathBuf::from("hold")),
            receiver: Some(PathBuf::from("receiver")),
            fault: Some(Fault::Deaf),
        };
        let args = std::iter::once(OsString::from("participant")).chain(options.args());
        let parsed = Options::try_parse_from(args).unwrap();
        assert_eq!(format!("{parsed:?}"), format!("{options:?}"));
        assert!("10ms".parse::<Span>().is_err());
    }
}
