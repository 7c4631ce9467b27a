//! Random scripts for the threads of one history on a `Gate`.

use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

/// What a thread wants to do next.
#[derive(Clone, Copy, Debug)]
pub enum Wish {
    Arrive,
    ArriveBy {
        patience: u64,
    },
    Coalesce,
    /// Leaves the run to a background owner, and is that owner as well.
    Request,
    Owe,
    TryStart,
    /// A thread without a deferral of its own arrives instead.
    Fire,
    /// A thread without a deferral of its own coalesces instead.
    Abandon,
    Cancel,
    Flush,
    /// A thread without a run of its own looks at the state instead.
    Finish,
    State,
    SetThreshold {
        to: u64,
    },
}

const WISHES: [Wish; 17] = [
    Wish::Arrive,
    Wish::Arrive,
    Wish::ArriveBy { patience: 0 },
    Wish::ArriveBy { patience: 4 },
    Wish::Coalesce,
    Wish::Request,
    Wish::Owe,
    Wish::TryStart,
    Wish::Fire,
    Wish::Fire,
    Wish::Fire,
    Wish::Abandon,
    Wish::Cancel,
    Wish::Flush,
    Wish::Finish,
    Wish::Finish,
    Wish::State,
];

/// A wish, and the time that goes with it.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub wish: Wish,
    pub now: u64,
}

/// What the threads of one history are to do.
#[derive(Debug)]
pub struct Plan {
    pub threshold: u64,
    pub scripts: Vec<Vec<Step>>,
}

impl Plan {
    /// Two to four threads with about 24 steps together.
    #[must_use]
    pub fn random(seed: u64) -> Self {
        let mut random = SmallRng::seed_from_u64(seed);
        let threads = random.random_range(2..=4);
        Self {
            threshold: random.random_range(0..8),
            scripts: (0..threads).map(|_| script(&mut random, 24 / threads)).collect(),
        }
    }

    /// The same, with one more thread that only changes the threshold.
    #[must_use]
    pub fn with_changed_threshold(seed: u64) -> Self {
        let mut plan = Self::random(seed);
        let mut random = SmallRng::seed_from_u64(!seed);
        let changes = (0..4).map(|_| Wish::SetThreshold { to: random.random_range(0..8) });
        plan.scripts.push(changes.map(|wish| Step { wish, now: 0 }).collect());
        plan
    }
}

/// Each thread has its own time, which goes on from step to step, but jumps.
fn script(random: &mut SmallRng, steps: u64) -> Vec<Step> {
    let step = |step: u64| Step {
        wish: *WISHES.choose(random).expect("there are wishes"),
        now: 2 * step + random.random_range(1..8),
    };
    (0..steps).map(step).collect()
}
