//! What a storm on `Throttled` or `KeyedThrottled` may have beside what every storm may.

use super::{Options, Release, Unfit};
use crate::front::Which;
use crate::judge::{Pace, Paced};
use crate::recorder::nanos;
use clap::{Args, ValueEnum};
use std::time::Duration;

/// Options of the front ends `background` and `keyed`; `async` has the payload, too.
#[derive(Args, Clone, Debug)]
pub struct OfThrottled {
    /// What each call brings, and what the runs are given of it
    #[arg(long, value_enum, default_value = "none")]
    pub payload: Brings,

    /// What runs the function
    #[arg(long, value_enum, default_value = "thread")]
    pub runner: Runner,

    /// No run starts sooner than this after the first call that it covers, such as 2ms; at most 1s
    #[arg(long, value_parser = delay)]
    pub delay: Option<Duration>,

    /// A run starts after a quiet time without calls, at the latest so long after the first one, such as 1ms:5ms
    #[arg(long, value_name = "QUIET:AT_LATEST", value_parser = debounce)]
    pub debounce: Option<Debounce>,

    /// Every Nth run fails, by an error or by a panic in turn, and is tried again
    #[arg(long, value_name = "N", value_parser = failures)]
    pub fail_every: Option<u64>,
}

/// What calls bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Brings {
    None,
    Count,
    Latest,
    Merge,
    Collect,
}

/// What runs the function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Runner {
    /// A thread of the throttle
    Thread,
    /// A task of a tokio runtime with several threads
    Task,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Debounce {
    pub quiet: Duration,
    pub at_latest: Duration,
}

/// The longest delay: no release ends it.
const LONGEST: Duration = Duration::from_secs(1);

/// The back-off after a run that fails.
pub const BACK_OFF: [Duration; 2] = [Duration::from_micros(200), Duration::from_millis(2)];

impl OfThrottled {
    /// How long a run may be held beside its window.
    pub fn longest_hold(&self) -> Duration {
        let paced = self.delay.or(self.debounce.map(|debounce| debounce.at_latest)).unwrap_or_default();
        let back_off = if self.fail_every.is_some() { BACK_OFF[1] } else { Duration::ZERO };
        paced + back_off
    }

    /// The options that are asked for.
    pub(super) fn asked(&self) -> [(&'static str, bool); 5] {
        [
            ("--payload", self.payload != Brings::None),
            ("--runner", self.runner != Runner::Thread),
            ("--delay", self.delay.is_some()),
            ("--debounce", self.debounce.is_some()),
            ("--fail-every", self.fail_every.is_some()),
        ]
    }

    /// In words, what is asked for.
    pub(super) fn describe(&self) -> Vec<String> {
        let time = humantime::format_duration;
        let mut parts = Vec::new();
        match self.payload {
            Brings::None => {}
            Brings::Count => parts.push("calls are counted".to_owned()),
            Brings::Latest => parts.push("the newest value counts".to_owned()),
            Brings::Merge => parts.push("values are merged".to_owned()),
            Brings::Collect => parts.push("values are collected".to_owned()),
        }
        if self.runner == Runner::Task {
            parts.push("runs in a task".to_owned());
        }
        if let Some(delay) = self.delay {
            parts.push(format!("a delay of {}", time(delay)));
        }
        if let Some(Debounce { quiet, at_latest }) = self.debounce {
            parts.push(format!(
                "a run after a quiet time of {}, at the latest after {}",
                time(quiet),
                time(at_latest)
            ));
        }
        if let Some(n) = self.fail_every {
            parts.push(format!("one run in {n} fails and is tried again"));
        }
        parts
    }
}

impl Options {
    /// Refuses options that contradict each other.
    pub(super) fn check_together(&self) -> Result<(), Unfit> {
        let of = &self.of_throttled;
        let both = |one, other, instead| Err(Unfit::Together { options: [one, other], instead });
        match () {
            () if of.delay.is_some() && of.debounce.is_some() => both(
                "--delay",
                "--debounce",
                "leave one of them out: the later one would take the place of the other",
            ),
            () if of.fail_every.is_some() && self.panic_every.is_some() => both(
                "--fail-every",
                "--panic-every",
                "leave one of them out: every other failure is a panic anyway",
            ),
            () if of.fail_every.is_some() && self.release == Release::Cancel && self.is_far() => both(
                "--fail-every",
                "--release cancel",
                "release by `flush`: a cancel leaves no run that could fail",
            ),
            () => Ok(()),
        }
    }

    fn is_far(&self) -> bool {
        self.threshold > self.seconds
    }

    /// What holds runs beside their windows, and how long a run may be late.
    pub fn paced(&self) -> Option<Paced> {
        let of = &self.of_throttled;
        let pace = match (of.delay, of.debounce) {
            (Some(delay), _) => Pace::Delay(nanos(delay)),
            (None, Some(Debounce { quiet, at_latest })) => {
                Pace::Debounce { quiet: nanos(quiet), at_latest: nanos(at_latest) }
            }
            (None, None) => return None,
        };
        let due = self.longest_window().saturating_mul(2).saturating_add(self.run_time.saturating_mul(2));
        Some(Paced { pace, overdue: nanos(due.saturating_add(self.patience)) })
    }
}

/// Whether this front end has such an option.
pub(super) fn applies(front: Which, option: &str) -> bool {
    matches!(front, Which::Background | Which::Keyed) || front == Which::Async && option == "--payload"
}

fn delay(text: &str) -> Result<Duration, String> {
    match super::duration(text)? {
        delay if delay > LONGEST => Err("no release ends it: write at most 1s".to_owned()),
        delay => Ok(delay),
    }
}

fn debounce(text: &str) -> Result<Debounce, String> {
    let (quiet, at_latest) = text.split_once(':').ok_or("write both times, as 1ms:5ms")?;
    let (quiet, at_latest) = (delay(quiet)?, delay(at_latest)?);
    if at_latest < quiet {
        return Err(
            "the second time is shorter, so the first would never count: write the shorter one first"
                .to_owned(),
        );
    }
    Ok(Debounce { quiet, at_latest })
}

fn failures(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(0 | 1) => Err("no run would ever succeed: write 2 or more".to_owned()),
        Ok(n) => Ok(n),
        Err(_) => Err("not a number of runs: write 2 or more".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::parse;
    use super::{Debounce, Unfit};
    use std::time::Duration;

    #[test]
    fn what_contradicts_itself_is_refused_with_a_way_out() {
        for (line, options) in [
            ("--delay 1ms --debounce 1ms:2ms", ["--delay", "--debounce"]),
            ("--fail-every 2 --panic-every 2", ["--fail-every", "--panic-every"]),
            ("--fail-every 2 --threshold 1h --release cancel", ["--fail-every", "--release cancel"]),
        ] {
            let refused = parse(&format!("--front background {line}")).unwrap().check().unwrap_err();
            assert!(
                matches!(refused, Unfit::Together { options: named, .. } if named == options),
                "{refused}"
            );
            let text = refused.to_string();
            assert!(text.contains("leave one of them out") || text.contains("release by"), "{text}");
        }
        for line in ["--delay 1ms --fail-every 2", "--debounce 1ms:2ms --payload latest --runner task"] {
            assert_eq!(parse(&format!("--front background {line}")).unwrap().check(), Ok(()), "{line}");
        }
    }

    #[test]
    fn what_makes_no_storm_is_refused_with_a_way_out() {
        for (bad, way_out) in [
            ("--delay 2s", "at most 1s"),
            ("--debounce 1ms", "both times"),
            ("--debounce 5ms:1ms", "the shorter one first"),
            ("--debounce 5ms:2s", "at most 1s"),
            ("--fail-every 1", "2 or more"),
            ("--fail-every x", "2 or more"),
            ("--payload some", "possible values"),
            ("--runner by-hand", "possible values"),
        ] {
            let refused = parse(&format!("--front background {bad}")).unwrap_err().to_string();
            assert!(refused.contains(way_out), "{refused}");
        }
        let taken = parse("--debounce 1ms:5ms").unwrap().of_throttled.debounce;
        let (quiet, at_latest) = (Duration::from_millis(1), Duration::from_millis(5));
        assert_eq!(taken, Some(Debounce { quiet, at_latest }));
    }
}
