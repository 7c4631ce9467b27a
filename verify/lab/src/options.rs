//! The command line of a storm. The soak draws its rounds as such lines.

mod throttled;

pub use self::throttled::{BACK_OFF, Brings, Debounce, OfThrottled, Runner};

use crate::front::Which;
use clap::{Parser, ValueEnum};
use measure_options::soak::Plant;
use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

/// Calls one throttle from many threads, and says whether the guarantees held.
///
/// Each thread publishes a number and then calls; each run records the numbers that it saw. Afterwards
/// every promise is compared with the runs. The exit status is 0 if the guarantees held, 1 if one was seen
/// broken, 2 for bad arguments. Where an option says `N`, it is about one in N, drawn at random.
#[derive(Parser, Clone, Debug)]
#[command(name = "storm")]
pub struct Options {
    /// The front end that is called
    #[arg(long, value_enum, default_value = "blocking")]
    pub front: Which,

    /// Threads that call [default: 4 for each core, at least 8]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1024))]
    threads: Option<u64>,

    /// The shortest time between the starts of two runs, such as 20ms, 1ns, 0
    #[arg(long, default_value = "20ms", value_parser = duration)]
    pub threshold: Duration,

    /// How many seconds the storm lasts
    #[arg(long, default_value = "3", value_parser = seconds)]
    pub seconds: Duration,

    /// How long each run takes, such as 5ms; may be longer than the threshold
    #[arg(long, default_value = "0", value_parser = duration)]
    pub run_time: Duration,

    /// Each run takes a time of its own, at most --run-time
    #[arg(long)]
    pub vary_run_time: bool,

    /// Calls per second of each thread, with exponentially distributed gaps [default: as fast as they can]
    #[arg(long, value_parser = rate, allow_hyphen_values = true)]
    pub rate: Option<f64>,

    /// How many keys a keyed front end has [default: 5]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1024))]
    keys: Option<u64>,

    /// One call of a thread in N is to run now or not at all
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub try_every: Option<u64>,

    /// One call of a thread in N may wait only up to a limit, which is drawn
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub within_every: Option<u64>,

    /// Each thread waits for the covering run after one in N of its calls
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub wait_every: Option<u64>,

    /// One wait of a thread in N has a limit, which is drawn
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit_every: Option<u64>,

    /// Each thread cancels the pending run after one in N of its calls
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub cancel_every: Option<u64>,

    /// Each thread flushes the pending run after one in N of its calls
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub flush_every: Option<u64>,

    /// Each thread changes the threshold after one in N of its calls, to 0 or up to three times --threshold
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub change_every: Option<u64>,

    /// Every Nth run calls its own throttle, flushes it or cancels
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub nest_every: Option<u64>,

    /// Every Nth run panics, after it has been recorded
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub panic_every: Option<u64>,

    #[command(flatten)]
    pub of_throttled: OfThrottled,

    /// What ends a window that would outlast the storm
    #[arg(long, value_enum, default_value = "flush")]
    pub release: Release,

    /// Repeat what was drawn for an earlier storm, though not its schedule [default: drawn]
    #[arg(long)]
    pub seed: Option<u64>,

    /// How much longer than its windows and runs anything may take before it counts as stuck
    #[arg(long, default_value = "30s", value_parser = duration)]
    pub patience: Duration,

    /// How many MiB the records may take; when they are used up the storm ends early
    #[arg(long, value_name = "MIB", default_value = "256", value_parser = clap::value_parser!(u16).range(1..=16384))]
    memory: u16,

    /// Print the result as JSON instead of a table
    #[arg(long)]
    pub json: bool,

    /// Draw a slice of the storm into this file
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,

    /// Make the callers misbehave, to see that the judge notices
    #[arg(long, hide = true)]
    pub plant: Option<Plant>,
}

/// What ends the window of a run that is pending when the storm is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Release {
    Flush,
    Cancel,
    /// The threshold becomes 0
    SetThreshold,
}

/// Why options do not make a storm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// The front end has no use for it.
    NotFor { option: &'static str, front: Which, why: &'static str },
    /// These contradict each other.
    Together { options: [&'static str; 2], instead: &'static str },
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFor { option, front, why } => {
                write!(f, "{option}: the front end {} {why}", front.name())
            }
            Self::Together { options: [one, other], instead } => {
                write!(f, "{one} contradicts {other}: {instead}")
            }
        }
    }
}

impl Error for Unfit {}

impl Options {
    /// More threads than cores, so that some are preempted at every point of a call.
    pub fn threads(&self) -> usize {
        let cores = || thread::available_parallelism().map_or(2, usize::from);
        let asked = self.threads.and_then(|threads| usize::try_from(threads).ok());
        asked.unwrap_or_else(|| (4 * cores()).clamp(8, 1024))
    }

    /// Memory for all that is recorded, in bytes.
    pub fn memory(&self) -> usize {
        usize::from(self.memory) << 20
    }

    /// How many throttles there are: a keyed front end has one for each key.
    pub fn keys(&self) -> usize {
        let asked = self.keys.and_then(|keys| usize::try_from(keys).ok());
        if self.front.is_keyed() { asked.unwrap_or(5) } else { 1 }
    }

    /// The thresholds that a change draws from.
    pub fn thresholds(&self) -> [Duration; 4] {
        [self.threshold, self.threshold / 2, self.threshold.saturating_mul(3), Duration::ZERO]
    }

    /// The longest window of the storm, with what else holds a run.
    pub fn longest_window(&self) -> Duration {
        let times = if self.change_every.is_some() { 3 } else { 1 };
        self.threshold.saturating_mul(times).saturating_add(self.of_throttled.longest_hold())
    }

    /// Whether a run may be given up.
    pub fn cancels(&self) -> bool {
        self.cancel_every.is_some() || self.nest_every.is_some() || self.release == Release::Cancel
    }

    /// Refuses options that do not apply to the front end, or that contradict each other.
    pub fn check(&self) -> Result<(), Unfit> {
        let front = self.front;
        let (is_blocking, defers) = (front == Which::Blocking, front.defers());
        let rules = [
            ("--keys", self.keys.is_some(), front.is_keyed(), "has no keys"),
            ("--cancel-every", self.cancel_every.is_some(), defers, "has no pending run to cancel"),
            ("--flush-every", self.flush_every.is_some(), defers, "has no pending run to flush"),
            ("--wait-every", self.wait_every.is_some(), defers, "has no pending run to wait for"),
            ("--release", self.release != Release::Flush, defers, "has no pending run to release"),
            ("--try-every", self.try_every.is_some(), is_blocking, front.on_tries()),
            ("--within-every", self.within_every.is_some(), is_blocking, "has no call that waits by itself"),
            ("--limit-every", self.limit_every.is_some(), front.limits_waits(), front.on_limits()),
        ];
        let more = self.of_throttled.asked().map(|(option, is_asked)| {
            (option, is_asked, throttled::applies(front, option), "has none: it is for background and keyed")
        });
        let unfit = rules.into_iter().chain(more).find(|&(_, is_asked, applies, _)| is_asked && !applies);
        match unfit {
            Some((option, _, _, why)) => Err(Unfit::NotFor { option, front, why }),
            None => self.check_together(),
        }
    }

    /// The parameters as one phrase.
    pub fn describe(&self) -> String {
        let time = humantime::format_duration;
        let threads = self.threads();
        let mut parts = vec![
            format!("{}: {threads} thread{}", self.front.name(), if threads == 1 { "" } else { "s" }),
            format!("threshold {}", time(self.threshold)),
        ];
        if self.front.is_keyed() {
            parts.insert(1, format!("{} keys", self.keys()));
        }
        if !self.run_time.is_zero() {
            let most = if self.vary_run_time { "up to " } else { "" };
            parts.push(format!("runs take {most}{}", time(self.run_time)));
        }
        parts.push(match self.rate {
            Some(rate) => format!("{rate} calls per second and thread"),
            None => "calls as fast as they can".to_owned(),
        });
        let mut sometimes = |every: Option<u64>, always: &str, one: &str, does: &str| match every {
            Some(1) => parts.push(always.to_owned()),
            Some(n) => parts.push(format!("one {one} in {n} {does}")),
            None => {}
        };
        sometimes(self.try_every, "each call runs now or not at all", "call", "runs now or not at all");
        sometimes(self.within_every, "each call has a limit", "call", "has a limit");
        sometimes(self.wait_every, "each call waits for its run", "call of a thread", "waits for its run");
        sometimes(self.limit_every, "each wait has a limit", "wait", "has a limit");
        sometimes(
            self.cancel_every,
            "a cancel after every call",
            "call of a thread",
            "is followed by a cancel",
        );
        sometimes(self.flush_every, "a flush after every call", "call of a thread", "is followed by a flush");
        sometimes(
            self.change_every,
            "a change of the threshold after every call",
            "call",
            "changes the threshold",
        );
        sometimes(self.nest_every, "each run calls its own throttle", "run", "calls its own throttle");
        sometimes(self.panic_every, "every run panics", "run", "panics");
        parts.extend(self.of_throttled.describe());
        parts.join(", ")
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|e| format!("{e}; write it as 20ms, 1ns or 1h"))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = positive(text)?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        Ok(_) => Err("less than a nanosecond".to_owned()),
        Err(e) => Err(e.to_string()),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    positive(text)
}

fn positive(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if number > 0.0 && number.is_finite() {
        Ok(number)
    } else {
        Err("must be finite and greater than 0".to_owned())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::{Options, Unfit, Which};
    use clap::{Parser, ValueEnum};
    use std::time::Duration;

    pub fn parse(arguments: &str) -> Result<Options, clap::Error> {
        Options::try_parse_from(std::iter::once("storm").chain(arguments.split_whitespace()))
    }

    #[test]
    fn takes_every_threshold() {
        for (text, nanos) in [("0", 0), ("0s", 0), ("1ns", 1), ("20ms", 20_000_000)] {
            let options = parse(&format!("--threshold {text}")).unwrap();
            assert_eq!(options.threshold, Duration::from_nanos(nanos), "{text}");
        }
        assert!(parse("--threshold 10000years").unwrap().threshold > Duration::from_secs(1 << 37));
    }

    #[test]
    fn refuses_what_the_front_end_has_no_use_for() {
        // The front ends, in their order, that take the option.
        for (option, takes) in [
            ("--keys 7", [false, false, false, true, true]),
            ("--cancel-every 7", [true, true, true, true, false]),
            ("--flush-every 7", [true, true, true, true, false]),
            ("--wait-every 7", [true, true, true, true, false]),
            ("--limit-every 7", [true, true, false, true, false]),
            ("--release cancel", [true, true, true, true, false]),
            ("--release set-threshold", [true, true, true, true, false]),
            ("--try-every 7", [true, false, false, false, false]),
            ("--within-every 7", [true, false, false, false, false]),
            ("--change-every 7", [true; 5]),
            ("--nest-every 7", [true; 5]),
            ("--panic-every 7", [true; 5]),
            ("--vary-run-time", [true; 5]),
            ("--payload count", [false, true, true, true, false]),
            ("--runner task", [false, true, false, true, false]),
            ("--delay 1ms", [false, true, false, true, false]),
            ("--debounce 1ms:2ms", [false, true, false, true, false]),
            ("--fail-every 3", [false, true, false, true, false]),
        ] {
            for (which, takes) in Which::value_variants().iter().zip(takes) {
                let checked = parse(&format!("--front {} {option}", which.name())).unwrap().check();
                assert_eq!(checked.is_ok(), takes, "{option} with {}: {checked:?}", which.name());
                let is_named = |refused| match refused {
                    Unfit::NotFor { option: named, front, .. } => {
                        option.starts_with(named) && front == *which
                    }
                    Unfit::Together { .. } => false,
                };
                assert!(checked.err().is_none_or(is_named));
            }
        }
        let refused = parse("--front keyed-leading --flush-every 2").unwrap().check().unwrap_err();
        let text = "--flush-every: the front end keyed-leading has no pending run to flush";
        assert_eq!(refused.to_string(), text);
    }

    #[test]
    fn refuses_what_makes_no_storm() {
        for bad in [
            "--threads 0",
            "--threads -1",
            "--threads 1025",
            "--threshold abc",
            "--threshold -1s",
            "--seconds 0",
            "--seconds inf",
            "--seconds 1e-12",
            "--seconds 1e300",
            "--rate 0",
            "--rate -3",
            "--rate NaN",
            "--rate inf",
            "--cancel-every 0",
            "--panic-every 0",
            "--wait-every 0",
            "--try-every 0",
            "--within-every 0",
            "--limit-every 0",
            "--flush-every 0",
            "--change-every 0",
            "--nest-every 0",
            "--release other",
            "--patience x",
            "--seed x",
            "--memory 0",
            "--front other",
            "--front keyed --keys 0",
            "--unknown",
        ] {
            assert!(parse(bad).is_err(), "{bad} was taken");
        }
    }
}
