//! A clock that reads a cheaper one first.

use super::{Clock, Monotonic, Moved};
use crate::time::{Timestamp, saturating_nanos};
use core::time::Duration;
use rustix::time::{ClockId, clock_gettime};

/// Linux's `CLOCK_MONOTONIC_COARSE`: the time of [`Monotonic`] at the latest tick of the kernel.
///
/// ```
/// use atomic_throttle::Clock;
/// use atomic_throttle::clock::Coarse;
///
/// println!("the latest tick was at {:?}", Coarse.now());
/// ```
///
/// It is behind by up to a tick: 1 to 10 ms, depending on how the kernel was built. It is behind by more
/// while the host gives a virtual machine no processor. Used alone, it stamps runs too early: they keep their
/// distance by its own readings, but by [`Monotonic`] they may be that much closer. [`CoarseFirst`] avoids
/// that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coarse;

impl Clock for Coarse {
    #[inline]
    fn now(&self) -> Timestamp {
        super::monotonic::timestamp(clock_gettime(ClockId::MonotonicCoarse))
    }
}

/// A clock that may refuse a call by a coarse reading, and admits one by a precise reading only. For a
/// throttle that refuses most of its calls, and whose window is much longer than the slack.
///
/// ```
/// use atomic_throttle::Throttle;
/// use atomic_throttle::clock::CoarseFirst;
/// use std::time::Duration;
///
/// static SAMPLE: Throttle<CoarseFirst> =
///     Throttle::with_clock(Duration::from_secs(1), CoarseFirst::new());
///
/// assert!(SAMPLE.try_run(|| ()).is_ok());
/// assert!(SAMPLE.try_run(|| ()).is_err());
/// ```
///
/// Only Linux and Android have such a clock.
///
/// A call that runs at once or not at all is refused if the window ends later than `slack` after the coarse
/// time. In the last part of the window, and afterwards, such a call also reads the precise clock, and that
/// decides. Those calls are `try_run` of [`Throttle`](crate::Throttle),
/// [`Site::enter`](crate::Site::enter), and `try_run` and `try_enter` of `Keyed`. All other calls and all
/// waits use the precise clock alone.
///
/// # Guarantees
///
/// * **G1** holds on the precise clock, however wrong the coarse one is: it stamps no run.
/// * If the coarse clock is behind by more than `slack`, calls are refused for longer than the window lasts,
///   by the difference. If it is behind by less, the decisions are those of the precise clock.
/// * In that case the time to retry at, in the refusal, has already passed by the precise clock. A caller
///   that retries at once may be refused again, until the coarse clock moves: wait a little in between.
/// * [`retry_after`](crate::Refused::retry_after) counts from the estimate, so it may be too short by up to the
///   slack. A call that comes back then may be refused once more, for the rest.
///
/// # Cost
///
/// A call that the coarse clock refuses costs a fifth of one on [`Monotonic`]. One that it checks and does
/// not refuse pays for a coarse reading, which is a seventh of a precise one, and two loads; on a `Keyed`
/// also for one more look-up under the shared read lock. The clock has 8 bytes, so a throttle has 40.
///
/// # How far behind
///
/// On two virtual cores and with a tick of 4 ms, the coarse clock was behind by 5.1 ms in the median of ten
/// seconds and by 7.1 ms at most while one core was busy, and by 14.8 ms at most in another hour. That is no
/// bound: `cargo xtask clocks`, in this repository, measures it. The slack of [`new`](Self::new) is 20 ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoarseFirst<C = Coarse, P = Monotonic> {
    coarse: C,
    precise: P,
    slack_nanos: u64,
}

impl CoarseFirst {
    /// With a slack of 20 ms.
    #[must_use]
    pub const fn new() -> Self {
        Self::with_slack(Duration::from_millis(20))
    }

    /// With this slack. Zero saves the most precise readings; windows then end late by as much as the coarse
    /// clock is behind.
    #[must_use]
    pub const fn with_slack(slack: Duration) -> Self {
        Self::of(Coarse, Monotonic, slack)
    }
}

impl<C, P> CoarseFirst<C, P> {
    /// Combines two clocks on one scale. `coarse` is the cheaper one.
    #[must_use]
    pub const fn of(coarse: C, precise: P, slack: Duration) -> Self {
        Self { coarse, precise, slack_nanos: saturating_nanos(slack) }
    }

    /// How far the coarse clock may be behind without any effect.
    #[must_use]
    pub const fn slack(&self) -> Duration {
        Duration::from_nanos(self.slack_nanos)
    }
}

impl Default for CoarseFirst {
    fn default() -> Self {
        Self::new()
    }
}

impl<C: Clock, P: Clock> Clock for CoarseFirst<C, P> {
    #[inline]
    fn now(&self) -> Timestamp {
        self.precise.now()
    }

    #[inline]
    fn estimate(&self) -> Option<Timestamp> {
        Some(Timestamp::from_nanos(self.coarse.now().as_nanos().saturating_add(self.slack_nanos)))
    }

    fn longest_wait(&self) -> Option<Duration> {
        self.precise.longest_wait()
    }

    fn moved(&self) -> Option<&Moved> {
        self.precise.moved()
    }
}
