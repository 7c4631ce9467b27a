//! The command line of the storm.

use atomic_throttle_cluster::register::Memory;
use clap::{Parser, Subcommand};
use measure_options::shared::{Picture, Seconds, Threshold, duration, positive, within};
use std::any::type_name;
use std::time::Duration;

/// Calls one throttle from many processes, kills and stops them, and reports whether the guarantees held.
///
/// Each process writes what happens to it to a log of its own. Afterwards every promise is compared with all
/// the logs. The exit status is 0 if all guarantees held, 1 if one was broken, 2 for bad arguments.
///
/// With the driver `memory:` the front ends are threads of one process and share its register, so none can be
/// killed.
#[derive(Parser, Clone, Debug)]
#[command(name = "storm", args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(flatten)]
    pub options: Options,

    #[command(subcommand)]
    pub part: Option<Part>,
}

/// The storm starts this program again for each of its processes.
#[derive(Subcommand, Clone, Copy, Debug)]
pub enum Part {
    /// A process of a storm, which gets its order on its standard input
    #[command(hide = true)]
    Process,
}

/// What a storm is asked to do.
#[derive(Parser, Clone, Debug)]
pub struct Options {
    /// The register of the processes: memory:, shm:PATH, redis://HOST:PORT/NAME; with ?lease=3s
    #[arg(long, default_value = "memory:", value_name = "LOCATION")]
    pub driver: String,

    /// Processes that call and run
    #[arg(long, default_value = "8", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub processes: u32,

    #[command(flatten)]
    threshold: Threshold<250_000, 1_000, { u64::MAX }>,

    #[command(flatten)]
    seconds: Seconds<5>,

    /// How long each run takes, such as 5ms; shorter than the lease
    #[arg(long, default_value = "20ms", value_parser = duration)]
    pub run_time: Duration,

    /// Calls per second of each process, with exponentially distributed gaps
    #[arg(long, default_value = "20", value_parser = rate, allow_hyphen_values = true)]
    pub rate: f64,

    /// Kill a process about this often, and start another one in its place
    #[arg(long, value_name = "TIME", value_parser = often)]
    pub kill_every: Option<Duration>,

    /// Stop a process about this often, for longer than the lease, and then continue it
    #[arg(long, value_name = "TIME", value_parser = often)]
    pub stop_every: Option<Duration>,

    /// Repeat the random choices of an earlier run, though not its schedule [default: drawn]
    #[arg(long)]
    pub seed: Option<u64>,

    /// Keep the logs of all processes; they are always kept if a guarantee did not hold
    #[arg(long)]
    pub keep: bool,

    #[command(flatten)]
    pub picture: Picture,
}

/// The lease if the location gives none.
pub const LEASE: Duration = Duration::from_secs(3);

impl Options {
    pub fn threshold(&self) -> Duration {
        self.threshold.time()
    }

    /// How long the storm lasts.
    pub fn lasts(&self) -> Duration {
        self.seconds.time()
    }

    /// Whether the register is in memory that no other process reaches.
    pub fn is_alone(&self) -> bool {
        let names = ["memory", type_name_of_memory()];
        names.iter().any(|name| {
            self.driver
                .strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(':') && !rest.starts_with("::"))
        })
    }

    /// Refuses what is impossible at the register.
    pub fn check(&self) -> Result<(), String> {
        for (name, asked) in [("--kill-every", self.kill_every), ("--stop-every", self.stop_every)] {
            if asked.is_some() && self.is_alone() {
                return Err(format!(
                    "{name}: at the driver memory: all front ends are threads of this one process, and a thread \
                     cannot be killed or stopped. Use --driver shm:PATH or --driver redis://HOST:PORT/NAME"
                ));
            }
        }
        Ok(())
    }

    /// Like [`check`](Self::check), once the lease is known.
    pub fn check_lease(&self, lease: Duration, answers_within: Option<Duration>) -> Result<(), String> {
        if let Some(answers) = answers_within.filter(|answers| *answers >= lease) {
            let (answers, lease) = (plain(answers), plain(lease));
            return Err(format!(
                "the register may take {answers} for an answer, and the lease is {lease}: give a longer lease with the \
                 driver, such as ?lease=30s, or a shorter timeout, such as ?timeout=500ms"
            ));
        }
        if self.run_time < lease {
            return Ok(());
        }
        let (run_time, lease) = (plain(self.run_time), plain(lease));
        Err(format!(
            "--run-time {run_time}: not shorter than the lease of {lease}. Every run would be superseded, and no call \
             covered. Give a longer lease with the driver, such as ?lease=30s"
        ))
    }

    /// The word for one caller.
    pub fn row(&self) -> &'static str {
        if self.is_alone() { "front end" } else { "process" }
    }

    /// The parameters as one phrase, without credentials.
    pub fn describe(&self, lease: Duration, seed: u64) -> String {
        let plural = match (self.processes, self.is_alone()) {
            (1, _) => "",
            (_, true) => "s",
            (_, false) => "es",
        };
        let mut parts = vec![
            format!("{}: {} {}{plural}", self.place(), self.processes, self.row()),
            format!("threshold {}", plain(self.threshold())),
            format!("lease {}", plain(lease)),
            format!("runs take {}", plain(self.run_time)),
            format!("{} calls per second and {}", self.rate, self.row()),
        ];
        if let Some(every) = self.kill_every {
            parts.push(format!("a kill every {}", plain(every)));
        }
        if let Some(every) = self.stop_every {
            parts.push(format!("a stop every {}", plain(every)));
        }
        parts.push(format!("seed {seed}"));
        parts.join(", ")
    }

    /// The location of the register, without credentials and parameters.
    fn place(&self) -> String {
        let place = self.driver.split('?').next().unwrap_or_default();
        match (place.split_once("//"), place.rsplit_once('@')) {
            (Some((name, _)), Some((_, host))) => format!("{name}//***@{host}"),
            _ => place.trim_end_matches(':').to_owned(),
        }
    }
}

/// The type name that the driver uses: without the private modules.
fn type_name_of_memory() -> &'static str {
    debug_assert!(type_name::<Memory>().ends_with("::Memory"));
    "atomic_throttle_cluster::register::Memory"
}

fn plain(time: Duration) -> String {
    humantime::format_duration(time).to_string()
}

/// How often something is done.
fn often(text: &str) -> Result<Duration, String> {
    within(&(Duration::from_millis(1)..=Duration::MAX), text)
}

/// Each call is written to a file.
fn rate(text: &str) -> Result<f64, String> {
    let rate = positive(text)?;
    if rate <= 100_000.0 {
        Ok(rate)
    } else {
        Err("more than 100,000: each call is written to a file".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::{Cli, LEASE, Options};
    use atomic_throttle_cluster::Drivers;
    use clap::Parser;
    use std::time::Duration;

    fn parse(arguments: &str) -> Result<Options, clap::Error> {
        let arguments = std::iter::once("storm").chain(arguments.split_whitespace());
        Cli::try_parse_from(arguments).map(|cli| cli.options)
    }

    #[test]
    fn refuses_what_makes_no_storm() {
        for bad in [
            "--processes 0",
            "--processes -1",
            "--processes 65",
            "--threshold abc",
            "--threshold 0",
            "--threshold 999us",
            "--seconds 0",
            "--seconds inf",
            "--seconds 1e300",
            "--seconds 86401",
            "--rate 0",
            "--rate -3",
            "--rate NaN",
            "--rate 1e6",
            "--kill-every 0",
            "--stop-every 0s",
            "--seed -1",
            "--unknown",
            "--processes 2 process",
        ] {
            assert!(parse(bad).is_err(), "{bad} was taken");
        }
    }

    #[test]
    fn nobody_is_killed_or_stopped_in_memory() {
        for (arguments, is_taken) in [
            ("", true),
            ("--kill-every 2s", false),
            ("--stop-every 2s --driver memory:?lease=5s", false),
            ("--kill-every 2s --driver atomic_throttle_cluster::register::Memory:", false),
            ("--kill-every 2s --stop-every 3s --driver shm:/dev/shm/storm", true),
            ("--kill-every 2s --driver memory-of-mine:", true),
        ] {
            let checked = parse(arguments).unwrap().check();
            assert_eq!(checked.is_ok(), is_taken, "{arguments}");
            if let Err(why) = checked {
                assert!(why.contains("shm:PATH") && why.contains("redis://"), "{why}");
            }
        }
    }

    #[test]
    fn the_register_in_memory_is_known_by_all_its_names() {
        for name in Drivers::standard().names() {
            let options = Options { driver: format!("{name}:"), ..parse("").unwrap() };
            assert_eq!(
                options.is_alone(),
                name.to_lowercase().ends_with("memory") && !name.contains("Shared")
            );
        }
    }

    #[test]
    fn a_run_as_long_as_the_lease_is_refused() {
        let options = parse("--run-time 3s").unwrap();
        assert!(options.check_lease(LEASE, None).is_err());
        let longer = LEASE + Duration::from_nanos(1);
        assert!(options.check_lease(longer, None).is_ok());
        assert!(options.check_lease(longer, Some(LEASE)).is_ok());
        let error = options.check_lease(longer, Some(longer)).unwrap_err();
        assert!(error.contains("?timeout="), "{error}");
    }

    #[test]
    fn it_describes_itself_without_a_password() {
        let options = parse("--driver redis://me:secret@host:1/name?lease=3s --kill-every 2s").unwrap();
        let described = options.describe(LEASE, 7);
        assert_eq!(
            described,
            "redis://***@host:1/name: 8 processes, threshold 250ms, lease 3s, runs take 20ms, 20 calls per second and \
             process, a kill every 2s, seed 7"
        );
        assert!(parse("").unwrap().describe(LEASE, 7).starts_with("memory: 8 front ends, "));
    }
}
