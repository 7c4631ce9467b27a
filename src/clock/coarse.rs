//! A clock that looks at a cheaper one first.

use super::{Clock, Monotonic, Moved};
use crate::time::{Timestamp, saturating_nanos};
use core::time::Duration;
use rustix::time::{ClockId, clock_gettime};

/// Linux's `CLOCK_MONOTONIC_COARSE`: the time of [`Monotonic`] at the latest tick of the kernel.
///
/// It is behind by up to a tick, 1 to 10 ms as the kernel was built, and by more where a virtual machine is
/// not given its processor. Alone it is a clock like any other, whose runs are stamped too early: by its own
/// readings they keep their distance, by [`Monotonic`] they may be that much closer. [`CoarseFirst`] has no
/// such fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coarse;

impl Clock for Coarse {
    #[inline]
    fn now(&self) -> Timestamp {
        super::monotonic::timestamp(clock_gettime(ClockId::MonotonicCoarse))
    }
}

/// A clock that refuses by a coarse one, and lets run by a precise one only. For a throttle that refuses most
/// of its calls, and whose window is much longer than the slack.
///
/// Only on Linux and Android, which have such a clock.
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
/// A call that runs at once or not at all is refused if the window ends later than `slack` after the coarse
/// time. In the last part of the window, and afterwards, the precise clock is read as well, and decides. Those
/// calls are `try_run` of [`Throttle`](crate::Throttle) and [`Counted`](crate::Counted),
/// [`Site::enter`](crate::Site::enter), and `try_run` and `try_enter` of `Keyed`. Every other call, and
/// whatever waits, goes by the precise clock alone.
///
/// # Guarantees
///
/// * **G1** holds on the precise clock, however wrong the coarse one is: no run is stamped by it.
/// * A call may be refused for longer than the window lasts: by as much as the coarse clock is behind more
///   than `slack`. If it is behind by less, the decisions are those of the precise clock.
/// * The time to retry at that such a call is told has then passed by the precise clock. Whoever comes back
///   at once may be refused again, until the coarse clock moves: wait a little in between.
///
/// # Cost
///
/// A call that the coarse clock refuses costs a fifth of one on [`Monotonic`]. One that it could refuse and does
/// not costs a coarse reading more, a seventh of a precise one, and two loads; on a `Keyed`, one more look-up
/// under the lock that readers share. 8 bytes, so that a throttle has 40.
///
/// # How far behind
///
/// On two virtual cores and with a tick of 4 ms, the coarse clock was behind by 5.1 ms in the median of ten
/// seconds and by 7.1 ms at most while one core was busy, and by 14.8 ms at most in another hour. It is no bound:
/// `cargo xtask clocks`, in this repository, measures it. The slack of
/// [`new`](Self::new) is 20 ms.
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

    /// With a slack of one's own. Zero saves the most precise readings, and lets windows end late by as much
    /// as the coarse clock is behind.
    #[must_use]
    pub const fn with_slack(slack: Duration) -> Self {
        Self::of(Coarse, Monotonic, slack)
    }
}

impl<C, P> CoarseFirst<C, P> {
    /// Of two clocks on one scale: `coarse` is the cheaper one.
    #[must_use]
    pub const fn of(coarse: C, precise: P, slack: Duration) -> Self {
        Self { coarse, precise, slack_nanos: saturating_nanos(slack) }
    }

    /// How far behind the coarse clock may be without any effect.
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

    fn moved(&self) -> Option<&Moved> {
        self.precise.moved()
    }
}
