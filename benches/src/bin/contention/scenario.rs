//! The states in which contestants are called, and how to know that a call met such a state.

use crate::subject::Count;
use clap::ValueEnum;
use std::time::Duration;

/// Longer than any measurement, but finite: a call that waits by mistake runs when it is over, and so ends the
/// program.
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

/// Whether the calls of a contestant run where nothing prevents it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// There is nothing to run: the contestant is a limit.
    Never,
    /// A call that meets a run in progress may be refused, or be covered by another run.
    Alone,
    /// Each call runs, whatever other threads do meanwhile.
    Always,
}

/// What was seen of one measurement, for the scenario to judge.
pub struct Seen {
    pub threads: usize,
    pub count: Count,
    /// From the first call to the end of the last.
    pub span: Duration,
    /// Whether a run is still pending; `true` if there is nothing to ask.
    pub still_pending: bool,
}

impl Scenario {
    pub const ALL: [Self; 4] = [Self::Coalesced, Self::Refused, Self::Admitted, Self::Window];

    pub fn name(self) -> &'static str {
        match self {
            Self::Coalesced => "coalesced",
            Self::Refused => "refused",
            Self::Admitted => "admitted",
            Self::Window => "a window of 1 ms",
        }
    }

    pub fn story(self) -> &'static str {
        match self {
            Self::Coalesced => "a run is pending: each call learns that it is covered",
            Self::Refused => "the window is closed: each call learns that it may not run",
            Self::Admitted => "no window: each call tries to run an empty function",
            Self::Window => "the real mixture: one call in very many runs",
        }
    }

    /// The limit that its figures are compared with: the least that such a call needs.
    pub fn yardstick(self) -> &'static str {
        match self {
            Self::Coalesced => "fence + load",
            Self::Refused | Self::Admitted | Self::Window => "Instant::now",
        }
    }

    pub fn threshold(self) -> Duration {
        match self {
            Self::Coalesced | Self::Refused => LONG,
            Self::Admitted => Duration::ZERO,
            Self::Window => SHORT,
        }
    }

    /// How many runs fit into this time: one at once, and one each time that a window ends.
    pub fn possible_runs(self, span: Duration) -> u64 {
        let windows = span.as_nanos() / self.threshold().as_nanos().max(1);
        u64::try_from(windows).unwrap_or(u64::MAX).saturating_add(1)
    }

    /// Whether the calls did what this scenario is about. If they did not, their figure would be a figure of
    /// something else.
    pub fn judge(self, runs: Runs, seen: &Seen) -> Result<(), String> {
        let Count { calls, runs: ran } = seen.count;
        let must = match (self, runs) {
            (_, Runs::Never) => ran == 0,
            (Self::Coalesced | Self::Refused, _) => ran == 0 && seen.still_pending,
            (Self::Admitted, Runs::Always) => ran == calls,
            (Self::Admitted, Runs::Alone) if seen.threads == 1 => ran == calls,
            (Self::Admitted, Runs::Alone) => ran > 0,
            // Some contestants count periods, not the time from one grant to the next, and clocks differ a
            // little.
            (Self::Window, _) => {
                let possible = self.possible_runs(seen.span);
                ran > 0 && ran <= possible + 2 + possible / 50
            }
        };
        let pending = if seen.still_pending { "" } else { ", and the run was no longer pending" };
        if must { Ok(()) } else { Err(format!("{ran} of {calls} calls ran in {:?}{pending}", seen.span)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(scenario: Scenario, runs: Runs, threads: usize, ran: u64) -> bool {
        let count = Count { calls: 100, runs: ran };
        let seen = Seen { threads, count, span: Duration::from_micros(10_500), still_pending: true };
        scenario.judge(runs, &seen).is_ok()
    }

    #[test]
    fn where_no_call_may_run_one_is_an_error() {
        for scenario in [Scenario::Coalesced, Scenario::Refused] {
            for runs in [Runs::Never, Runs::Alone, Runs::Always] {
                assert!(judge(scenario, runs, 2, 0) && !judge(scenario, runs, 2, 1));
            }
        }
    }

    #[test]
    fn a_run_that_is_no_longer_pending_is_an_error() {
        let count = Count { calls: 100, runs: 0 };
        let seen = Seen { threads: 1, count, span: SHORT, still_pending: false };
        let why = Scenario::Coalesced.judge(Runs::Alone, &seen).unwrap_err();
        assert!(why.contains("no longer pending"), "{why}");
    }

    #[test]
    fn where_nothing_forbids_it_calls_run() {
        let admitted = |runs, threads, ran| judge(Scenario::Admitted, runs, threads, ran);
        assert!(admitted(Runs::Always, 2, 100) && !admitted(Runs::Always, 2, 99));
        assert!(admitted(Runs::Alone, 1, 100) && !admitted(Runs::Alone, 1, 99));
        assert!(admitted(Runs::Alone, 2, 1) && !admitted(Runs::Alone, 2, 0));
        assert!(!admitted(Runs::Never, 1, 1));
    }

    #[test]
    fn a_window_has_a_run_and_not_too_many() {
        // Ten windows ended, so there are eleven possible.
        let fits = [0, 1, 11, 13, 14].map(|ran| judge(Scenario::Window, Runs::Alone, 2, ran));
        assert_eq!(fits, [false, true, true, true, false]);
    }
}
