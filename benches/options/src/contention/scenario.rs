//! The scenarios of `contention`: the states in which contestants are called.

use clap::ValueEnum;
use std::time::Duration;

/// Longer than any measurement, but finite: a call that waits by mistake then runs, and so ends the program.
const LONG: Duration = Duration::from_secs(60);
/// The threshold of [`Scenario::Window`].
const SHORT: Duration = Duration::from_millis(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Scenario {
    /// A run is pending all the time
    Coalesced,
    /// The window is closed all the time
    Refused,
    /// There is no window: every call tries to run an empty function
    Admitted,
    /// A window of 1 ms, which ends again and again
    Window,
}

impl Scenario {
    pub const ALL: [Self; 4] = [Self::Coalesced, Self::Refused, Self::Admitted, Self::Window];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Coalesced => "coalesced",
            Self::Refused => "refused",
            Self::Admitted => "admitted",
            Self::Window => "a window of 1 ms",
        }
    }

    #[must_use]
    pub fn story(self) -> &'static str {
        match self {
            Self::Coalesced => "a run is pending: each call learns that it is covered",
            Self::Refused => "the window is closed: each call learns that it may not run",
            Self::Admitted => "no window: each call tries to run an empty function",
            Self::Window => "the real mixture: one call in very many runs",
        }
    }

    /// The limit that its figures are compared with: the least that such a call needs.
    #[must_use]
    pub fn yardstick(self) -> &'static str {
        match self {
            Self::Coalesced => "fence + load",
            Self::Refused | Self::Admitted | Self::Window => "Instant::now",
        }
    }

    #[must_use]
    pub fn threshold(self) -> Duration {
        match self {
            Self::Coalesced | Self::Refused => LONG,
            Self::Admitted => Duration::ZERO,
            Self::Window => SHORT,
        }
    }

    /// How many runs fit into so much time: one at once, and one each time that a window ends.
    #[must_use]
    pub fn possible_runs(self, span: Duration) -> u64 {
        let windows = span.as_nanos() / self.threshold().as_nanos().max(1);
        u64::try_from(windows).unwrap_or(u64::MAX).saturating_add(1)
    }
}
