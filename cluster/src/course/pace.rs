//! [`Pace`]: when exactly to look again, so that few looks are enough and many processes do not look at once.

use super::{Until, Wait};
use atomic_throttle::{Threshold, Timestamp};
use core::time::Duration;
use rand::{Rng, RngExt};

const MILLISECOND: Duration = Duration::from_millis(1);

/// Spreads the looks of many processes over time. All times follow from the threshold.
#[derive(Clone, Debug)]
pub struct Pace {
    threshold: Duration,
    /// How often the process has looked for the end of the run whose lease ends then.
    polls: u32,
    lease_end: Timestamp,
    /// A deadline on the clock of the register, and when calls are taken once more before it, on the clock of
    /// the process.
    early: Option<(Timestamp, Timestamp)>,
}

/// When to look again, on the clock of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// At this time. `None`: only if something happens.
    pub at: Option<Timestamp>,
    /// Before that, if calls were made here meanwhile. Then the run that comes is known to cover them, and no
    /// further run is asked for.
    pub take_at: Option<Timestamp>,
}

impl Pace {
    /// For runs that are `threshold` apart.
    #[must_use]
    pub fn new(threshold: Threshold) -> Self {
        Self { threshold: threshold.as_duration(), polls: 0, lease_end: Timestamp::NEVER, early: None }
    }

    /// What `wait` means on the clock of this process, which reads `local`.
    pub fn plan(&mut self, wait: Wait, local: Timestamp, rng: &mut impl Rng) -> Plan {
        let here = |at: Timestamp| {
            (at != Timestamp::NEVER).then(|| local.saturating_add(at.saturating_since(wait.now)))
        };
        if !matches!(wait.until, Until::Finished { .. }) {
            self.polls = 0;
        }
        match wait.until {
            Until::Due(due) => Plan { at: here(due), take_at: None },
            Until::Overdue(due) => {
                let at = here(due.saturating_add(self.grace() + jitter(self.spread(), rng)));
                let take_at = match self.early {
                    // Once only: after that, calls wait for the next window.
                    Some((of, early)) if of == due => Some(early),
                    _ => here(due.saturating_sub(self.lead() + jitter(self.lead(), rng))),
                };
                self.early = take_at.map(|early| (due, early));
                Plan { at, take_at: take_at.filter(|early| *early > local) }
            }
            Until::Finished { lease_end } => {
                if lease_end != self.lease_end {
                    (self.polls, self.lease_end) = (0, lease_end);
                }
                let poll = self.poll();
                self.polls = self.polls.saturating_add(1);
                let next = local.saturating_add(poll + jitter(poll, rng));
                let late = here(lease_end.saturating_add(jitter(self.spread(), rng)));
                Plan { at: Some(late.map_or(next, |late| next.min(late))), take_at: None }
            }
        }
    }

    /// How long the owner of a deferral has before others look: enough to start the run, and for most runs to
    /// finish.
    #[must_use]
    pub fn grace(&self) -> Duration {
        (self.threshold / 32).clamp(MILLISECOND, 50 * MILLISECOND)
    }

    /// The time over which the looks of the others are spread.
    #[must_use]
    pub fn spread(&self) -> Duration {
        (self.threshold / 8).clamp(4 * MILLISECOND, 1000 * MILLISECOND)
    }

    /// How long before the end of the window, at the latest, calls are taken once more.
    fn lead(&self) -> Duration {
        (self.threshold / 16).min(500 * MILLISECOND)
    }

    /// Longer each time, so that a long run costs few looks.
    fn poll(&self) -> Duration {
        let first = (self.threshold / 64).clamp(MILLISECOND, 20 * MILLISECOND);
        let longest = (self.threshold / 4).clamp(50 * MILLISECOND, 1000 * MILLISECOND);
        first.saturating_mul(1 << self.polls.min(20)).min(longest)
    }
}

/// A random time up to `most`, evenly distributed.
fn jitter(most: Duration, rng: &mut impl Rng) -> Duration {
    most.mul_f64(rng.random())
}
