//! The outcomes of the transitions.

use crate::time::Timestamp;
use core::fmt;

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
        /// When it ends, as the threshold stood at the decision.
        retry_at: Timestamp,
    },
    /// A run is in progress. How long it takes is not known.
    Running,
}

impl Refused {
    /// When to retry: `None` while a run is in progress.
    #[must_use]
    pub const fn retry_at(self) -> Option<Timestamp> {
        match self {
            Self::Closed { retry_at } => Some(retry_at),
            Self::Running => None,
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed { retry_at } => {
                write!(f, "the window is not over: retry at {retry_at:?} on the throttle's clock")
            }
            Self::Running => f.write_str("a run is in progress: retry when it has finished"),
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
