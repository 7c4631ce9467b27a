//! [`Pace`]: how long a pending run is held beyond its window. The owner of the deferral decides by it; the word knows
//! nothing of it.

use crate::time::Timestamp;
use core::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Not at all.
    AtOnce,
    /// For this time after the first call that the run covers.
    Delay(Duration),
    /// Until no call has come for `quiet`, and at most for `at_latest` after the first call that the run covers.
    Debounce { quiet: Duration, at_latest: Duration },
}

impl Pace {
    /// Whether a call that makes a run pending must tell the time.
    pub(crate) fn needs_first_call(self) -> bool {
        self != Self::AtOnce
    }

    /// Whether each call must tell the time.
    pub(crate) fn needs_each_call(self) -> bool {
        matches!(self, Self::Debounce { .. })
    }

    /// Until when the run is held that covers calls from `first` to `latest`.
    pub(crate) fn holds_until(self, first: Timestamp, latest: Timestamp) -> Timestamp {
        match self {
            Self::AtOnce => Timestamp::ZERO,
            Self::Delay(delay) => first.saturating_add(delay),
            Self::Debounce { quiet, at_latest } => {
                latest.max(first).saturating_add(quiet).min(first.saturating_add(at_latest))
            }
        }
    }
}

/// What holds the pending run beside its window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hold {
    /// When the first call came that the pending run covers. `None`: the pace does not hold it.
    pub(crate) first_call: Option<Timestamp>,
    /// When a run that failed is to be tried again; zero if none is.
    pub(crate) retry_at: Timestamp,
    /// How many runs in a row have failed, and are tried again.
    pub(crate) failures: u32,
}

impl Default for Hold {
    fn default() -> Self {
        Self { first_call: None, retry_at: Timestamp::ZERO, failures: 0 }
    }
}

impl Hold {
    /// A run starts: what held it is over. Whether it is one of a row of failures is still to be seen.
    pub(crate) fn release(&mut self) {
        *self = Self { failures: self.failures, ..Self::default() };
    }
}
