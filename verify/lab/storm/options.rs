//! The command line of the storm.

use super::front::Which;
use clap::Parser;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

/// Calls one throttle from many threads, and says whether the guarantees held.
///
/// Each thread publishes a number and then calls; each run records the numbers that it saw. Afterwards
/// every promise is compared with the runs: G1 spacing, G2 exclusion, G3 coverage. The exit status is 0
/// if they held, 1 if one was seen broken, 2 for bad arguments.
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

    /// Calls per second of each thread, with exponentially distributed gaps [default: as fast as they can]
    #[arg(long, value_parser = rate, allow_hyphen_values = true)]
    pub rate: Option<f64>,

    /// How many keys a keyed front end has [default: 5]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1024))]
    keys: Option<u64>,

    /// Each thread cancels the pending run after every Nth of its calls
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub cancel_every: Option<u64>,

    /// Each thread waits for the covering run after every Nth of its calls
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub wait_every: Option<u64>,

    /// Every Nth run panics, after it has been recorded
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub panic_every: Option<u64>,

    /// How many MiB the records may take; when they are used up the storm ends early
    #[arg(long, value_name = "MIB", default_value = "256", value_parser = clap::value_parser!(u16).range(1..=16384))]
    memory: u16,

    /// Print the result as JSON instead of a table
    #[arg(long)]
    pub json: bool,

    /// Draw a slice of the storm into this file
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
}

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

    /// Refuses options that do not apply to the front end.
    pub fn check(&self) -> Result<(), String> {
        let front = self.front.name();
        if self.keys.is_some() && !self.front.is_keyed() {
            return Err(format!("--keys: the front end {front} has no keys"));
        }
        if self.cancel_every.is_some() && !self.front.defers() {
            return Err(format!("--cancel-every: the front end {front} has no pending run to cancel"));
        }
        if self.wait_every.is_some() && !self.front.defers() {
            return Err(format!("--wait-every: the front end {front} has no pending run to wait for"));
        }
        Ok(())
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
            parts.push(format!("runs take {}", time(self.run_time)));
        }
        parts.push(match self.rate {
            Some(rate) => format!("{rate} calls per second and thread"),
            None => "calls as fast as they can".to_owned(),
        });
        match self.cancel_every {
            Some(1) => parts.push("a cancel after every call".to_owned()),
            Some(n) => parts.push(format!("a cancel after every {n} calls of a thread")),
            None => {}
        }
        match self.wait_every {
            Some(1) => parts.push("each call waits for its run".to_owned()),
            Some(n) => parts.push(format!("one call of a thread in {n} waits for its run")),
            None => {}
        }
        match self.panic_every {
            Some(1) => parts.push("every run panics".to_owned()),
            Some(n) => parts.push(format!("one run in {n} panics")),
            None => {}
        }
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
mod tests {
    use super::Options;
    use clap::Parser;
    use std::time::Duration;

    fn parse(arguments: &str) -> Result<Options, clap::Error> {
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
        for (arguments, is_taken) in [
            ("--front keyed --keys 7", true),
            ("--front background --cancel-every 7", true),
            ("--front background --keys 7", false),
            ("--keys 1", false),
            ("--front keyed --cancel-every 7 --wait-every 7", true),
            ("--front keyed-leading --keys 7", true),
            ("--front keyed-leading --cancel-every 7", false),
            ("--front keyed-leading --wait-every 7", false),
        ] {
            assert_eq!(parse(arguments).unwrap().check().is_ok(), is_taken, "{arguments}");
        }
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
            "--memory 0",
            "--front other",
            "--front keyed --keys 0",
            "--unknown",
        ] {
            assert!(parse(bad).is_err(), "{bad} was taken");
        }
    }
}
