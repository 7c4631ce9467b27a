//! [`Breach`]: a guarantee that did not hold, and where it shows.

use crate::log::{Nanos, Who};
use std::fmt;

/// A guarantee that did not hold. Runs are named by their epochs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breach {
    /// A participant cannot have written this log.
    Disordered {
        /// Whose.
        who: Who,
        /// The first record that does not fit.
        at: Nanos,
    },
    /// A process ended without being killed.
    Died {
        /// Which.
        who: Who,
    },
    /// A process was asked to end, and its calls were not covered within the limit.
    LeftOwed {
        /// Which.
        who: Who,
    },
    /// A call was refused without a reason.
    Refused {
        /// By which process.
        who: Who,
        /// Which.
        call: u64,
    },
    /// Two runs have the same epoch.
    Twice {
        /// Which.
        epoch: u64,
    },
    /// Two runs are stamped less than a threshold apart.
    TooSoon {
        /// The one that started before.
        before: u64,
        /// The one that came too soon.
        after: u64,
    },
    /// A run began at a time of the machine that was before its stamp.
    BeforeItsStamp {
        /// Which.
        epoch: u64,
    },
    /// The younger run began before the older one had ended, and was stamped within its lease; or it began
    /// after that.
    Overlap {
        /// The one that is older by its stamp.
        older: u64,
        /// The younger one.
        younger: u64,
    },
    /// Two processes made the same run pending.
    TwoOwners {
        /// The epoch of the run before.
        epoch: u64,
    },
    /// No run that started after the call has finished, though the process of the call lived on.
    NotCovered {
        /// Whose call.
        who: Who,
        /// Which.
        call: u64,
    },
    /// A call was reported as covered before any run after the call had finished.
    FalselyCovered {
        /// Whose call.
        who: Who,
        /// Which.
        call: u64,
    },
    /// A run learned that it is the latest one, and it was not.
    FalselyCurrent {
        /// Which.
        epoch: u64,
    },
    /// A run learned that it is not the latest one, and it was.
    FalselyStale {
        /// Which.
        epoch: u64,
    },
    /// A receiver accepted a token after a greater one, or refused one with no greater one before.
    Token {
        /// Of which run.
        epoch: u64,
    },
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disordered { who, at } => write!(f, "the log of {who} has a record out of order at {at}"),
            Self::Died { who } => write!(f, "C6: the process {who} ended by itself"),
            Self::LeftOwed { who } => {
                write!(f, "C5: the process {who} was asked to end, and its calls stayed owed")
            }
            Self::Refused { who, call } => write!(f, "C3: the call {call} of {who} was refused"),
            Self::Twice { epoch } => write!(f, "C9: two runs have the epoch {epoch}"),
            Self::TooSoon { before, after } => {
                let gap = after.abs_diff(*before);
                write!(f, "C1: the run {after} was started {gap} ns after the run {before}")
            }
            Self::BeforeItsStamp { epoch } => write!(f, "C1: the run {epoch} began before its stamp"),
            Self::Overlap { older, younger } => {
                write!(f, "C2: the run {older} had not ended when the run {younger} began, within its lease")
            }
            Self::TwoOwners { epoch } => write!(f, "C4: two processes own the run after {epoch}"),
            Self::NotCovered { who, call } => write!(f, "C3: no run has covered the call {call} of {who}"),
            Self::FalselyCovered { who, call } => {
                write!(f, "C3: the call {call} of {who} was reported as covered before it was")
            }
            Self::FalselyCurrent { epoch } => {
                write!(f, "C9: the run {epoch} was reported as current, and was superseded")
            }
            Self::FalselyStale { epoch } => {
                write!(f, "C9: the run {epoch} was reported as superseded, and was current")
            }
            Self::Token { epoch } => {
                write!(f, "C9: the token {epoch} was accepted after a greater one, or refused without one")
            }
        }
    }
}
