//! Waits and wake-ups of real threads, counted, with a watch that finds one that is lost (G5).
//!
//! Some waiters go round and round a ring of three stations: a `Throttle`, a `Throttled` and a `KeyedThrottled`. At each
//! of them all wait until a run covers their calls, or a cancel gives it up. A conductor opens the round, and releases
//! the waiters when all of them wait: once, and by one operation. Nothing else happens to that throttle until the last of
//! them has returned. So a wake-up that is lost stays lost: the ring stands still, and the watch sees it.

mod background;
mod blocking;
mod keyed;
mod meeting;
mod ring;
mod station;
mod threads;
mod watch;

pub use station::Release;

use ring::Ring;
use std::sync::Arc;
use std::time::{Duration, Instant};
use watch::Watch;

/// What the threads of the throttles are called.
const OWNER: &str = "wakes owner";

/// Called on each thread that waits or wakes, before it does: a check may plant a fault there.
pub type Begin = Arc<dyn Fn() + Send + Sync>;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Shape {
    /// How many waits at least.
    pub waits: u64,
    /// How many threads wait together.
    pub waiters: usize,
    /// How many rings go round side by side, each with so many waiters.
    pub rings: usize,
    /// How long a ring may stand still.
    pub patience: Duration,
}

/// What was seen.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Waits that returned, and as they should.
    pub waits: u64,
    /// How often a waiter slept, and how often a thread of a throttle did, as the system counts it. `None` where it
    /// does not say.
    pub slept: Option<u64>,
    pub owners_slept: Option<u64>,
    /// Rounds: in each the waiters of a ring were released at a throttle.
    pub rounds: u64,
    /// Of these, by what released them.
    pub by: Vec<(Release, u64)>,
    pub time: Duration,
}

impl Shape {
    /// How many rounds each ring makes.
    fn rounds(&self) -> u64 {
        let each = (self.waiters * self.rings * ring::STATIONS) as u64;
        self.waits.div_ceil(each)
    }
}

/// Has threads wait and be woken, as often as is asked. `seen` is called now and then, with the waits so far.
///
/// # Errors
///
/// A wake-up was lost, or a wait ended in another way than it should.
pub fn perform(shape: &Shape, begin: &Begin, seen: impl FnMut(u64)) -> Result<Tally, String> {
    let start = Instant::now();
    let rounds = shape.rounds();
    let rings: Result<Vec<_>, _> =
        (0..shape.rings).map(|_| Ring::start(shape.waiters, rounds, begin)).collect();
    let mut rings = rings?;
    let verdict = Watch::new(shape.patience).until_all_ended(&rings, seen);
    let owners_slept = threads::sleeps_of(OWNER);
    // The threads of a ring that hangs are left behind.
    let ended: Vec<_> = rings.iter_mut().map(|ring| ring.end(shape.patience)).collect();
    verdict?;
    let mut tally = Tally { owners_slept, time: start.elapsed(), slept: Some(0), ..Tally::default() };
    for of_ring in ended {
        let of_ring = of_ring?;
        tally.waits += of_ring.waits;
        tally.slept = tally.slept.zip(of_ring.slept).map(|(sum, more)| sum + more);
    }
    tally.rounds = rounds * (shape.rings * ring::STATIONS) as u64;
    let of = |(index, release): (usize, Release)| {
        let each =
            (0..rounds).filter(|round| round % Release::ALL.len() as u64 == index as u64).count() as u64;
        (release, each * (shape.rings * ring::STATIONS) as u64)
    };
    tally.by = Release::ALL.into_iter().enumerate().map(of).collect();
    Ok(tally)
}
