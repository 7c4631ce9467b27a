//! Why a call on a key did not run.

use crate::state::Refused;
use crate::time::Timestamp;
use core::fmt;
use core::time::Duration;

/// Why a call on a key did not run. Nothing was recorded of it, and no run is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyedError {
    /// The key is not to run now.
    Refused(Refused),
    /// The key is not known, and there is no room for another one.
    Full {
        /// How many keys there may be.
        max_keys: usize,
    },
}

impl KeyedError {
    /// When to come back: `None` if that is not known.
    #[must_use]
    pub const fn retry_at(self) -> Option<Timestamp> {
        match self {
            Self::Refused(refused) => refused.retry_at(),
            Self::Full { .. } => None,
        }
    }

    /// How long to wait before a retry, as [`Refused::retry_after`]: `None` if that is not known.
    #[must_use]
    pub const fn retry_after(self) -> Option<Duration> {
        match self {
            Self::Refused(refused) => refused.retry_after(),
            Self::Full { .. } => None,
        }
    }
}

impl From<Refused> for KeyedError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl fmt::Display for KeyedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refused) => refused.fmt(f),
            Self::Full { max_keys } => write!(
                f,
                "{max_keys} keys are in their windows, and no more are allowed: retry when a window is over, \
                 or build with more `max_keys`"
            ),
        }
    }
}

impl core::error::Error for KeyedError {}
