//! Random scripts for the threads of one history on a `Throttle`.

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

/// What a thread asks of the throttle next.
#[derive(Clone, Debug)]
pub enum Ask {
    Run(Body),
    RunWithin {
        wait: u64,
        body: Body,
    },
    TryRun(Body),
    Flush(Body),
    Cancel,
    /// Whether the run that covers the latest coalesced call has finished. Asks for the state if there is no
    /// such call.
    Look,
    State,
    /// Moves the clock.
    Advance {
        by: u64,
    },
}

/// What the function of a call does.
#[derive(Clone, Debug, Default)]
pub struct Body {
    pub asks: Vec<Ask>,
    pub panics: bool,
}

/// What the threads of one history are to do.
#[derive(Debug)]
pub struct Plan {
    pub threshold: u64,
    pub scripts: Vec<Vec<Ask>>,
}

impl Plan {
    /// Two to four threads with about 12 calls together.
    #[must_use]
    pub fn random(seed: u64) -> Self {
        Self::made_by(&mut Scripts { random: SmallRng::seed_from_u64(seed), bounded: false })
    }

    /// The same, but no call waits without a limit: for throttles that may be wrong.
    #[must_use]
    pub fn bounded(seed: u64) -> Self {
        Self::made_by(&mut Scripts { random: SmallRng::seed_from_u64(seed), bounded: true })
    }

    fn made_by(scripts: &mut Scripts) -> Self {
        let threads = scripts.random.random_range(2..=4);
        Self {
            threshold: scripts.random.random_range(0..6),
            scripts: (0..threads).map(|_| scripts.script(12 / threads)).collect(),
        }
    }
}

struct Scripts {
    random: SmallRng,
    bounded: bool,
}

impl Scripts {
    fn script(&mut self, count: u64) -> Vec<Ask> {
        let mut asks = self.asks(count, 2);
        asks.push(Ask::Look);
        asks
    }

    fn asks(&mut self, count: u64, nested: u64) -> Vec<Ask> {
        (0..count).map(|_| self.ask(nested)).collect()
    }

    /// `nested`: how many calls the function may make, at most.
    fn ask(&mut self, nested: u64) -> Ask {
        match self.random.random_range(0..18) {
            0..=4 if !self.bounded => Ask::Run(self.body(nested)),
            0..=8 => Ask::RunWithin { wait: self.random.random_range(0..4), body: self.body(nested) },
            9 => Ask::TryRun(self.body(nested)),
            10 => Ask::Flush(self.body(nested)),
            11 => Ask::Cancel,
            12..=15 => Ask::Look,
            16 => Ask::State,
            _ => Ask::Advance { by: self.random.random_range(1..6) },
        }
    }

    fn body(&mut self, nested: u64) -> Body {
        let count = self.random.random_range(0..=nested);
        let mut asks = self.asks(count, 0);
        if self.random.random_ratio(1, 2) {
            // A run that outlasts its window, so that an owner meets it at its limit.
            asks.push(Ask::Advance { by: self.random.random_range(4..8) });
        }
        Body { asks, panics: self.random.random_ratio(1, 16) }
    }
}
