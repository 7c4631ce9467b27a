//! Rounds with the other front ends. Each is a storm on a throttle of its own, drawn as a command line of the
//! example `storm`, so that it can be repeated alone.

use crate::plan::seed_of;
use crate::storm::front::{self, Which};
use crate::storm::judge::Verdict;
use crate::storm::options::Options;
use crate::storm::whole::{self, Whole};
use clap::Parser;
use indicatif::ProgressBar;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

const MICROSECOND: u64 = 1000;
const MILLISECOND: u64 = 1_000_000;

/// In nanoseconds. No round lasts until the end of the last one: what is pending then is flushed.
const THRESHOLDS: [u64; 7] = [
    0,
    MICROSECOND,
    40 * MICROSECOND,
    300 * MICROSECOND,
    2 * MILLISECOND,
    20 * MILLISECOND,
    3_600_000 * MILLISECOND,
];

/// The longest run of any round, which also bounds how long a round takes.
const LONGEST_RUN: u64 = 10 * MILLISECOND;

/// The most threads of a round, unless more are asked for.
const CROWD: u64 = 16;

/// Memory for all records of a round, in MiB. It is small, so that memory that a round leaves to the
/// allocator does not look like growth.
const MEMORY: u64 = 2;

/// A storm on a front end of that type.
pub type Perform = fn(&Options, &ProgressBar) -> Result<Whole, String>;

/// The front ends that were built, beside the one that waits in its callers.
pub const ALL: &[(Which, Perform)] = &[
    (Which::Background, whole::perform::<front::Background>),
    (Which::Async, whole::perform::<front::Asynchronous>),
    (Which::Keyed, whole::perform::<front::KeyedTrailing>),
];

/// The result of a round.
pub struct FrontRound {
    pub which: Which,
    /// How to repeat it.
    pub line: String,
    /// How many promises were compared with a run.
    pub promises: u64,
    pub verdict: Verdict,
}

/// The round with this number.
pub fn round(seed: u64, number: u64, front: usize, threads: Option<usize>) -> Result<FrontRound, String> {
    let (which, perform) = ALL[front];
    let line = draw(seed, number, which, threads);
    let whole = perform(&options(&line)?, &ProgressBar::hidden())?;
    let promises = whole.testimonies.iter().flatten().map(|testimony| testimony.promises.len() as u64).sum();
    Ok(FrontRound { which, line, promises, verdict: whole.verdict })
}

fn options(line: &str) -> Result<Options, String> {
    let options = Options::try_parse_from(std::iter::once("storm").chain(line.split_whitespace()));
    let options = options.map_err(|e| e.to_string())?;
    options.check().map(|()| options)
}

/// The arguments of the storm in the round with this number, the same for the same seed. The first round of
/// each front end has the most threads and keys.
fn draw(seed: u64, number: u64, which: Which, threads: Option<usize>) -> String {
    let is_first = number < ALL.len() as u64 + 1;
    let random = &mut SmallRng::seed_from_u64(seed_of(seed, number));
    let mut any = |most: u64| if is_first { most } else { random.random_range(0..=most) };
    let threads = threads.map_or_else(|| 1 + any(CROWD - 1), |threads| threads as u64);
    let keys = 1 + any(4);
    let mut one_of = |choices: &[u64]| choices[random.random_range(0..choices.len())];
    let threshold = if is_first { 0 } else { one_of(&THRESHOLDS) };
    let run_time = one_of(&[0, 0, threshold / 4, threshold, 3 * threshold]).min(LONGEST_RUN);
    let millis = one_of(&[100, 200, 300]);
    let mut arguments = vec![format!(
        "--front {} --memory {MEMORY} --threads {threads} --threshold {threshold}ns --run-time {run_time}ns \
         --seconds 0.{millis}",
        which.name()
    )];
    let mut sometimes = |name: &str, choices: &[u64]| match one_of(&[0, 1]) {
        1 if !is_first => arguments.push(format!("{name} {}", one_of(choices))),
        _ => {}
    };
    sometimes("--rate", &[300, 5000]);
    sometimes("--cancel-every", &[1, 10, 1000]);
    sometimes("--wait-every", &[1, 10, 1000]);
    sometimes("--panic-every", &[1, 3, 100]);
    if which.is_keyed() {
        arguments.push(format!("--keys {keys}"));
    }
    arguments.join(" ")
}

#[cfg(test)]
#[path = "fronts_tests.rs"]
mod tests;
