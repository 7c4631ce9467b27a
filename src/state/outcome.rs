//! The outcomes of the transitions.

use crate::time::Timestamp;
use core::fmt;
use core::time::Duration;

/// The outcome of [`State::arrive`](super::State::arrive).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "on `Run` or `Defer` the caller owns a run that nobody else will perform"]
pub enum Arrive {
    /// The call is to run now.
    Run,
    /// The call owns the deferral.
    Defer {
        /// When the window ends, as the threshold stands now.
        due: Timestamp,
    },
    /// The pending run covers the call.
    Coalesced,
}

/// The outcome of [`State::request`](super::State::request).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "on `Requested` the background owner must be woken"]
pub enum Request {
    /// A deferral was made: wake the background owner.
    Requested,
    /// The pending run covers the call.
    Coalesced,
}

/// The outcome of [`State::owe`](super::State::owe).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "on `Owed` no run is coming until the next call"]
pub enum Owe {
    /// A run is owed: the next call adopts it.
    Owed,
    /// The pending run covers the call.
    Coalesced,
}

/// The outcome of [`State::try_start`](super::State::try_start).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "on `Run` the caller holds the throttle until the run is finished"]
pub enum TryStart {
    /// The call is to run now.
    Run,
    /// The call is not to run. Nothing was recorded.
    Refused(Refused),
}

/// Why a call was refused: it did not run, and no run will cover it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// The window is not over.
    Closed {
        /// When it ends on the throttle's clock, by the threshold at the decision.
        retry_at: Timestamp,
        /// The reading of that clock by which the call was refused; see [`retry_after`](Self::retry_after).
        refused_at: Timestamp,
    },
    /// A run is in progress. How long it takes is not known.
    Running,
}

impl Refused {
    /// When to retry: `None` while a run is in progress.
    #[must_use]
    pub const fn retry_at(self) -> Option<Timestamp> {
        match self {
            Self::Closed { retry_at, .. } => Some(retry_at),
            Self::Running => None,
        }
    }

    /// How long to wait before a retry, counted from the refusal: `None` while a run is in progress,
    /// [`Duration::MAX`] if the clock cannot reach the end of the window.
    ///
    /// It is never negative. It reads no clock: the refusal kept the reading that decided it. So a caller that
    /// waits a while before it looks at the refusal waits that much too long. Where that matters, compare
    /// [`retry_at`](Self::retry_at) with a new reading of the throttle's clock.
    ///
    /// ```
    /// use atomic_throttle::{Manual, Throttle, Timestamp};
    /// use std::time::Duration;
    ///
    /// let clock = Manual::new(Timestamp::from_nanos(5));
    /// let throttle = Throttle::with_clock(Duration::from_secs(2), &clock);
    /// assert!(throttle.try_run(|| ()).is_ok());
    /// clock.advance(Duration::from_millis(800));
    /// let refused = throttle.try_run(|| ()).unwrap_err();
    /// assert_eq!(refused.retry_after(), Some(Duration::from_millis(1200)));
    /// assert_eq!(refused.to_string(), "the window is not over: retry in 1.2s");
    /// ```
    #[must_use]
    pub const fn retry_after(self) -> Option<Duration> {
        match self {
            // The comparison of `Timestamp` is not `const`.
            Self::Closed { retry_at, .. } if retry_at.as_nanos() == Timestamp::NEVER.as_nanos() => {
                Some(Duration::MAX)
            }
            Self::Closed { retry_at, refused_at } => Some(retry_at.saturating_since(refused_at)),
            Self::Running => None,
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.retry_after() {
            Some(Duration::MAX) => {
                f.write_str("the window does not end before the clock does: shorten the threshold")
            }
            Some(after) => write!(f, "the window is not over: retry in {after:.1?}"),
            None => f.write_str("a run is in progress: retry when it has finished"),
        }
    }
}

impl core::error::Error for Refused {}

/// The outcome of [`State::fire`](super::State::fire).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "on `Run` the caller holds the throttle until the run is finished"]
pub enum Fire {
    /// The owner is to run now.
    Run,
    /// Another run has started since and covers the deferral, or the deferral is no longer pending.
    Gone,
    /// The deferral was cancelled. This call acknowledged it.
    Cancelled,
    /// A run is in progress: ask again when it has finished.
    Busy,
    /// The window is not over: ask again at `due`.
    Early {
        /// When the window ends, as the threshold stands now.
        due: Timestamp,
    },
}

/// The outcome of [`State::abandon`](super::State::abandon).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "on `Owed` wake those who wait for the run"]
pub enum Abandon {
    /// The deferral is owed now: the next call adopts it.
    Owed,
    /// It had been cancelled. This call acknowledged it.
    Cancelled,
    /// The caller no longer owned it.
    Gone,
}

/// The outcome of [`State::flush`](super::State::flush).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "on `Run` the caller holds the throttle until the run is finished"]
pub enum Flush {
    /// The caller is to run now; the former owner is released.
    Run,
    /// A run is in progress. A pending deferral stays pending.
    Busy,
    /// Nothing is pending or owed.
    Nothing,
}

/// The outcome of [`State::finish`](super::State::finish).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "on `Finished` wake those who wait for the run"]
pub enum Finish {
    /// The run has ended.
    Finished,
    /// That run was not in progress.
    Ignored,
}
