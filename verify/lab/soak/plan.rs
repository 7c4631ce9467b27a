//! Draws the plan of a round.

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use std::thread;

const MILLISECOND: u64 = 1_000_000;

/// In nanoseconds: no window, the shortest one, some that end while calls are made, some that threads sleep
/// through.
const THRESHOLDS: [u64; 8] = [0, 1, 1000, 5000, 40_000, 300_000, 2 * MILLISECOND, 20 * MILLISECOND];

/// No call waits for more than a window and a run before it.
const LONGEST_THRESHOLD: u64 = 20 * MILLISECOND;

/// A window that outlasts every round: only a wake-up ends a wait for it.
pub const FAR: u64 = 3_600_000 * MILLISECOND;

/// How the owner that waits for a far window is released when the round ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    Cancel,
    Flush,
    SetThreshold,
}

/// One round of the soak. All times are nanoseconds.
#[derive(Clone, Debug)]
pub struct Plan {
    pub threads: usize,
    /// The threshold before the first change.
    pub threshold: u64,
    /// What the threshold may become.
    pub thresholds: Vec<u64>,
    /// Whether it is first set to `FAR`, and how its owner is released then.
    pub far: Option<Release>,
    /// How long a run takes.
    pub run_time: u64,
    /// Whether each run draws its own time, up to `run_time`.
    pub any_run_time: bool,
    /// The longest pause between two calls of a thread.
    pub pause: u64,
    pub lasts: u64,
    pub odds: Odds,
}

/// How likely each thing is, for one call or one run.
#[derive(Clone, Debug, Default)]
pub struct Odds {
    pub try_run: f64,
    pub run_within: f64,
    /// That a coalesced call waits by its handle. Otherwise the handle is dropped.
    pub wait: f64,
    pub cancel: f64,
    pub flush: f64,
    pub change: f64,
    pub nested: f64,
    pub panic: f64,
}

/// The seed of a round.
pub fn seed_of(seed: u64, round: u64) -> u64 {
    seed ^ round.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl Plan {
    /// The choices of the round with this number, the same for the same seed.
    pub fn draw(seed: u64, round: u64, threads: Option<usize>, crowd: usize) -> Self {
        let random = &mut SmallRng::seed_from_u64(seed_of(seed, round));
        let cores = thread::available_parallelism().map_or(2, usize::from);
        let drawn = if random.random_bool(0.1) { crowd } else { random.random_range(2..=4 * cores.max(1)) };
        let threshold = THRESHOLDS[random.random_range(0..THRESHOLDS.len())];
        let run_time = if random.random_bool(0.5) { 0 } else { random.random_range(0..=3 * threshold) };
        let releases = [Release::Cancel, Release::Flush, Release::SetThreshold];
        let far = random.random_bool(0.2).then(|| releases[random.random_range(0..releases.len())]);
        let mut thresholds =
            vec![threshold, threshold / 2, threshold.saturating_mul(3).min(LONGEST_THRESHOLD), 0];
        thresholds.extend(far.map(|_| FAR));
        let pauses = [0, 0, threshold / 4, 2 * threshold];
        Self {
            threads: threads.unwrap_or(drawn.min(crowd)),
            threshold,
            thresholds,
            far,
            run_time,
            any_run_time: random.random_bool(0.5),
            pause: pauses[random.random_range(0..pauses.len())],
            lasts: (40 * (threshold + run_time)).clamp(100 * MILLISECOND, 1000 * MILLISECOND),
            odds: Odds::draw(random),
        }
    }

    /// A round in which everything happens, with the most threads. The soak begins with it, so that all the
    /// memory that it needs is in use from then on.
    pub fn everything(threads: usize) -> Self {
        Self {
            threads,
            threshold: 40_000,
            thresholds: vec![40_000, 1000, 300_000],
            far: None,
            run_time: 20_000,
            any_run_time: true,
            pause: 0,
            lasts: 500 * MILLISECOND,
            odds: Odds {
                try_run: 0.05,
                run_within: 0.1,
                wait: 0.01,
                cancel: 0.01,
                flush: 0.01,
                change: 0.001,
                nested: 0.2,
                panic: 0.1,
            },
        }
    }

    /// The same plan with nothing left to chance, for the calls before and after a round.
    pub fn quiet(&self) -> Self {
        Self { run_time: 0, odds: Odds::default(), ..self.clone() }
    }

    /// The longest that a call has to wait: for a window and runs, or for the end of the round.
    pub fn longest(&self) -> u64 {
        LONGEST_THRESHOLD + 2 * self.run_time + self.lasts
    }
}

impl Odds {
    /// Half of the odds are 0: a lost wake-up shows only where nothing else wakes the thread.
    fn draw(random: &mut SmallRng) -> Self {
        let mut often = |odds: [f64; 3]| {
            if random.random_bool(0.5) { 0.0 } else { odds[random.random_range(0..odds.len())] }
        };
        Self {
            try_run: often([0.01, 0.1, 0.7]),
            run_within: often([0.01, 0.1, 0.7]),
            wait: often([0.001, 0.1, 1.0]),
            cancel: often([0.0001, 0.01, 0.3]),
            flush: often([0.0001, 0.01, 0.3]),
            change: often([0.0001, 0.001, 0.01]),
            nested: often([0.01, 0.1, 0.5]),
            panic: often([0.01, 0.1, 1.0]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Plan, Release};

    #[test]
    fn a_seed_repeats_the_choices_and_another_does_not() {
        let drawn =
            |seed| format!("{:?}", (0..20).map(|r| Plan::draw(seed, r, None, 100)).collect::<Vec<_>>());
        assert_eq!(drawn(7), drawn(7));
        assert_ne!(drawn(7), drawn(8));
    }

    #[test]
    fn rounds_differ_and_stay_within_their_limits() {
        let plans: Vec<Plan> = (0..500).map(|round| Plan::draw(1, round, None, 100)).collect();
        assert!(plans.iter().any(|plan| plan.threads == 100));
        assert!(plans.iter().any(|plan| plan.threads == 2));
        assert!(plans.iter().any(|plan| plan.far == Some(Release::Cancel)));
        assert!(plans.iter().any(|plan| plan.odds.cancel == 0.0 && plan.odds.panic > 0.0));
        for plan in &plans {
            assert!(plan.threads >= 2 && plan.threads <= 100, "{plan:?}");
            assert!(plan.run_time <= 3 * plan.threshold, "{plan:?}");
            assert!(plan.longest() <= 1_140_000_000, "{plan:?}");
        }
    }
}
