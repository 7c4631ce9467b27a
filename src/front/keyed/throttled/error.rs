//! Why a call on a key was not taken.

use crate::front::owner::Ended;
use crate::front::payload::{Reason, Rejected};
use core::fmt;

/// Why a call on a key was not taken: no run is promised to it, and it is counted nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotTaken {
    /// The throttle has ended, or is about to.
    Ended(Ended),
    /// The key is not known, and there is no room for another one.
    Full {
        /// How many keys there may be.
        max_keys: usize,
    },
}

impl From<Ended> for NotTaken {
    fn from(ended: Ended) -> Self {
        Self::Ended(ended)
    }
}

/// Of a call that brings nothing.
impl From<Rejected<()>> for NotTaken {
    fn from(rejected: Rejected<()>) -> Self {
        match rejected.reason {
            Reason::Ended(ended) => Self::Ended(ended),
            Reason::TooManyKeys { max_keys } => Self::Full { max_keys },
            // A call that brings nothing finds room, and merges nothing.
            _ => Self::Ended(Ended::ShutDown),
        }
    }
}

impl fmt::Display for NotTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended(ended) => ended.fmt(f),
            Self::Full { max_keys } => write!(
                f,
                "{max_keys} keys are in their windows or pending, and no more are allowed: retry when a window \
                 is over, or build with more `max_keys`"
            ),
        }
    }
}

impl core::error::Error for NotTaken {}
