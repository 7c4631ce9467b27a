//! Draws the rounds of a soak. Each is a command line of the storm, so that it can be repeated alone.

use lab::front::Which;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use std::thread;

const MICROSECOND: u64 = 1000;
const MILLISECOND: u64 = 1_000_000;

/// A window that outlasts every round: only a wake-up ends a wait for it.
const FAR: u64 = 3_600_000 * MILLISECOND;

/// In nanoseconds: no window, the shortest one, some that end while calls are made, some that threads sleep
/// through, and two in ten that no round outlasts.
const THRESHOLDS: [u64; 10] = [
    0,
    1,
    MICROSECOND,
    5 * MICROSECOND,
    40 * MICROSECOND,
    300 * MICROSECOND,
    2 * MILLISECOND,
    20 * MILLISECOND,
    FAR,
    FAR,
];

/// The turns of each front end with the most threads.
pub const FULL: usize = 2;

/// What ends such a window.
const RELEASES: [&str; 3] = ["flush", "cancel", "set-threshold"];

/// The longest run of any round, which also bounds how long a round takes.
const LONGEST_RUN: u64 = 20 * MILLISECOND;

/// The most threads of a round of a front end that does not run in its calls.
const FEW: usize = 16;

/// How often something happens, one in so many times. Each is left out of half of the rounds: a lost wake-up
/// shows only where nothing else wakes the thread.
const EVERY: [(&str, [u64; 3]); 9] = [
    ("try", [2, 10, 100]),
    ("within", [2, 10, 100]),
    ("wait", [1, 10, 1000]),
    ("limit", [1, 2, 10]),
    ("cancel", [3, 100, 10_000]),
    ("flush", [3, 100, 10_000]),
    ("change", [100, 1000, 10_000]),
    ("nest", [2, 10, 100]),
    ("panic", [1, 10, 100]),
];

/// What a soak was asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    pub seed: u64,
    /// Of every round.
    pub threads: Option<usize>,
    /// Of any round of `Throttle`.
    pub most_threads: usize,
    /// Arguments of every line.
    pub more: Vec<String>,
}

impl Asked {
    /// The arguments of the storm in the round with this number, the same for the same seed.
    ///
    /// When the front ends have their first turn, each does a bit of everything. In the next three turns
    /// nothing but the release at the end can wake anybody, by each means once. In the turn after them only a
    /// limit ends a wait before that. In the first two turns there are the most threads and keys: so all the
    /// memory that the soak needs is in use from then on.
    pub fn line(&self, number: u64, which: Which, turn: usize) -> String {
        let seed = self.seed ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let random = &mut SmallRng::seed_from_u64(seed);
        let is_blocking = which == Which::Blocking;
        let most = if is_blocking { self.most_threads } else { self.threads.unwrap_or(FEW) };
        // Memory for all records, in MiB. It is small, so that what a round leaves to the allocator does not
        // look like growth.
        let memory = if is_blocking { 8 } else { 2 };
        let (threads, keys) =
            if turn < FULL { (most, 5) } else { (self.threads(most, random), random.random_range(1..=5)) };
        let name = which.name();
        let mut line = vec![format!("--front {name} --threads {threads} --memory {memory} --seed {seed}")];
        if which.is_keyed() {
            line.push(format!("--keys {keys}"));
        }
        let release = turn.checked_sub(1).and_then(|turn| RELEASES.get(turn));
        line.extend(match release {
            None if turn == 0 => everything(which),
            Some(release) if which.defers() => vec![asleep(release)],
            None if turn == RELEASES.len() + 1 && which.limits_waits() => vec![limited(which)],
            _ => something(which, random),
        });
        line.extend(self.more.iter().cloned());
        line.join(" ")
    }

    fn threads(&self, most: usize, random: &mut SmallRng) -> usize {
        let cores = thread::available_parallelism().map_or(2, usize::from);
        let drawn = if random.random_bool(0.1) { most } else { random.random_range(1..=4 * cores) };
        self.threads.unwrap_or(drawn.min(most))
    }
}

/// A bit of everything.
fn everything(which: Which) -> Vec<String> {
    let applying = EVERY.iter().filter(|(name, _)| applies(name, which));
    let often = applying.map(|(name, [_, often, _])| format!("--{name}-every {}", often.max(&3)));
    let is_throttled = matches!(which, Which::Background | Which::Keyed);
    let more = if is_throttled { vec!["--payload merge --delay 20us".to_owned()] } else { Vec::new() };
    let first = "--threshold 40us --run-time 20us --vary-run-time --seconds 0.5".to_owned();
    std::iter::once(first).chain(often).chain(more).collect()
}

/// Callers that sleep until they are released.
fn asleep(release: &str) -> String {
    format!("--threshold {FAR}ns --wait-every 10 --seconds 0.1 --release {release}")
}

/// Callers that sleep, some of them until their limit.
fn limited(which: Which) -> String {
    let within = if which == Which::Blocking { "--within-every 2" } else { "" };
    format!("--threshold {FAR}ns {within} --wait-every 10 --limit-every 2 --seconds 0.1 --release flush")
}

/// What is drawn.
fn something(which: Which, random: &mut SmallRng) -> Vec<String> {
    let threshold = one_of(&THRESHOLDS, random);
    let longest = threshold.saturating_mul(3).min(LONGEST_RUN);
    let run_time = if random.random_bool(0.5) { 0 } else { random.random_range(0..=longest) };
    // In a window that does not end nothing more happens for long.
    let window = if threshold == FAR { 0 } else { threshold };
    let lasts = (40 * (window + run_time)).clamp(100 * MILLISECOND, 500 * MILLISECOND);
    let lasts = lasts / MILLISECOND;
    let mut line = vec![format!("--threshold {threshold}ns --run-time {run_time}ns --seconds 0.{lasts}")];
    if random.random_bool(0.5) {
        line.push("--vary-run-time".to_owned());
    }
    // What calls bring in a window that does not end is kept until the end.
    let is_kept = threshold == FAR && matches!(which, Which::Background | Which::Async | Which::Keyed);
    if is_kept || random.random_bool(0.5) {
        line.push(format!("--rate {}", one_of(&[300, 5000], random)));
    }
    let of_throttled = match which {
        Which::Background | Which::Keyed => for_throttled(random),
        Which::Async => vec![payload(random)],
        Which::Blocking | Which::KeyedLeading => Vec::new(),
    };
    let fails = of_throttled.iter().any(|option| option.starts_with("--fail-every"));
    for (name, choices) in EVERY {
        let every = one_of(&choices, random);
        if random.random_bool(0.5) && applies(name, which) && !(fails && name == "panic") {
            line.push(format!("--{name}-every {every}"));
        }
    }
    let releases = RELEASES.len();
    let release = RELEASES[random.random_range(0..releases)];
    if threshold == FAR && which.defers() {
        let release = if fails && release == "cancel" { "flush" } else { release };
        line.push(format!("--release {release}"));
    }
    line.extend(of_throttled);
    line
}

/// What calls bring, what runs the function, how long it is held, and how often it fails. Each is left out of a part of
/// the rounds.
fn for_throttled(random: &mut SmallRng) -> Vec<String> {
    let mut line = vec![payload(random)];
    if random.random_bool(0.3) {
        line.push("--runner task".to_owned());
    }
    match random.random_range(0..4) {
        0 => line.push(format!("--delay {}us", one_of(&[1, 100, 3000], random))),
        1 => {
            let quiet = one_of(&[1, 100, 1000], random);
            line.push(format!("--debounce {quiet}us:{}us", quiet * one_of(&[1, 3, 10], random)));
        }
        _ => {}
    }
    if random.random_bool(0.4) {
        line.push(format!("--fail-every {}", one_of(&[2, 5, 50], random)));
    }
    line
}

fn payload(random: &mut SmallRng) -> String {
    let payload = ["none", "count", "latest", "merge", "collect"][random.random_range(0..5_usize)];
    format!("--payload {payload}")
}

/// Whether the front end has a use for it.
fn applies(name: &str, which: Which) -> bool {
    match name {
        "try" | "within" => which == Which::Blocking,
        "limit" => which.limits_waits(),
        "wait" | "cancel" | "flush" => which.defers(),
        _ => true,
    }
}

fn one_of(choices: &[u64], random: &mut SmallRng) -> u64 {
    choices[random.random_range(0..choices.len())]
}

#[cfg(test)]
mod tests {
    use super::Asked;
    use crate::rounds::options;
    use clap::ValueEnum;
    use lab::front::Which;
    use std::time::Duration;

    fn drawn(seed: u64, which: Which) -> Vec<String> {
        let asked = Asked { seed, threads: None, most_threads: 100, more: Vec::new() };
        (0..300).map(|turn| asked.line(turn as u64, which, turn)).collect()
    }

    #[test]
    fn what_is_drawn_is_a_storm_and_a_seed_repeats_it() {
        for &which in Which::value_variants() {
            let lines = drawn(7, which);
            assert_eq!(lines, drawn(7, which));
            assert_ne!(lines, drawn(8, which));
            for line in &lines {
                let options = options(line).unwrap_or_else(|why| panic!("{line}: {why}"));
                assert_eq!(options.front, which, "{line}");
                assert!(options.run_time <= Duration::from_millis(20), "{line}");
                assert!(options.seconds <= Duration::from_millis(500), "{line}");
            }
        }
    }

    #[test]
    fn rounds_differ() {
        let lines = drawn(1, Which::Blocking);
        let is_drawn = |what: &[&str]| lines.iter().any(|line| what.iter().all(|what| line.contains(what)));
        for what in [
            &["--threads 100 "][..],
            &["--threads 2 "],
            &["--threshold 3600000000000ns", "--release cancel"],
            &["--threshold 3600000000000ns", "--release set-threshold"],
            &["--try-every", "--within-every", "--wait-every", "--limit-every"],
            &["--cancel-every 10000", "--flush-every"],
            &["--change-every", "--nest-every", "--panic-every"],
        ] {
            assert!(is_drawn(what), "{what:?}");
        }
        assert!(lines.iter().any(|line| line.contains("--panic-every") && !line.contains("--cancel-every")));
        for what in [
            &["--payload count", "--runner task"][..],
            &["--payload latest", "--delay"],
            &["--payload merge", "--debounce", "--flush-every"],
            &["--payload collect", "--fail-every", "--cancel-every"],
            &["--payload none", "--fail-every", "--wait-every"],
        ] {
            for which in [Which::Background, Which::Keyed] {
                let is_drawn = |line: &String| what.iter().all(|what| line.contains(what));
                assert!(drawn(1, which).iter().any(is_drawn), "{} {what:?}", which.name());
            }
        }
        assert!(drawn(1, Which::Keyed).iter().any(|line| line.contains("--keys 3")));
    }
}
