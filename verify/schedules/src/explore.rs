//! Running a model under many schedules, or under one that failed.

use crate::Tally;
use shuttle::scheduler::{PctScheduler, RandomScheduler, ReplayScheduler};
use shuttle::{Config, FailurePersistence, Runner};
use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How the next thread is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheduler {
    /// At each point any thread that can go on, with equal chances.
    Random,
    /// The thread of the highest priority runs, and priorities change at a few random points. It finds faults
    /// that need few, but long, preemptions.
    Pct {
        /// The number of such points, plus one.
        depth: usize,
    },
}

impl Scheduler {
    /// The two schedulers that each property is checked with.
    pub const BOTH: [Self; 2] = [Self::Random, Self::Pct { depth: 3 }];
}

impl fmt::Display for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Random => f.write_str("shuttle, random"),
            Self::Pct { depth } => write!(f, "shuttle, PCT depth {depth}"),
        }
    }
}

/// Where a scheduler's choices come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seed {
    /// The same schedules each time.
    Fixed,
    /// Other schedules each time.
    Fresh,
}

/// Why a model failed, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The number of the failing schedule, from 1.
    pub schedule: usize,
    /// What the model, or shuttle, said.
    pub message: String,
}

/// Runs `model` under a `number` of schedules and returns how many it ran. The caller compares the two numbers,
/// because the scheduler decides when to end.
///
/// # Panics
///
/// If the model panics or deadlocks. The schedule is then printed.
pub fn explore(
    scheduler: Scheduler,
    seed: Seed,
    number: usize,
    model: impl Fn() + Send + Sync + 'static,
) -> usize {
    run(scheduler, seed, number, FailurePersistence::Print, model)
}

/// Runs `model` as [`explore`] does, and returns the first failure. `persistence` says what becomes of the
/// failing schedule.
pub fn first_failure(
    scheduler: Scheduler,
    number: usize,
    persistence: FailurePersistence,
    model: impl Fn() + Send + Sync + 'static,
) -> Option<Failure> {
    let begun = Tally::new();
    let counted = begun.clone();
    let counting = move || {
        counted.count();
        model();
    };
    caught(|| run(scheduler, Seed::Fixed, number, persistence, counting))
        .map(|message| Failure { schedule: begun.total(), message })
}

/// Runs `model` under the schedule that a failure printed, and returns what it fails with: `None` if it
/// passes.
pub fn replay(schedule: &str, model: impl Fn() + Send + Sync + 'static) -> Option<String> {
    let scheduler = ReplayScheduler::new_from_encoded(schedule);
    caught(|| Runner::new(scheduler, config(FailurePersistence::None)).run(model))
}

fn run(
    scheduler: Scheduler,
    seed: Seed,
    number: usize,
    persistence: FailurePersistence,
    model: impl Fn() + Send + Sync + 'static,
) -> usize {
    let config = config(persistence);
    match (scheduler, seed) {
        (Scheduler::Random, Seed::Fixed) => {
            Runner::new(RandomScheduler::new_from_seed(FIXED, number), config).run(model)
        }
        (Scheduler::Random, Seed::Fresh) => Runner::new(RandomScheduler::new(number), config).run(model),
        (Scheduler::Pct { depth }, Seed::Fixed) => {
            Runner::new(PctScheduler::new_from_seed(FIXED, depth, number), config).run(model)
        }
        (Scheduler::Pct { depth }, Seed::Fresh) => {
            Runner::new(PctScheduler::new(depth, number), config).run(model)
        }
    }
}

/// The value does not matter.
const FIXED: u64 = 20_260_101;

fn config(persistence: FailurePersistence) -> Config {
    let mut config = Config::new();
    config.failure_persistence = persistence;
    // The documentation says once that the orderings are ignored.
    config.silence_warnings = true;
    config
}

/// The message of the panic that `f` ends with, if it panics.
fn caught<T>(f: impl FnOnce() -> T) -> Option<String> {
    catch_unwind(AssertUnwindSafe(f)).err().map(|payload| message(payload.as_ref()))
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default()
}
