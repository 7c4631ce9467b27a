//! Checks that the calls of a measurement met the state that their scenario is about.

use crate::subject::Count;
use measure_options::contention::Scenario;
use std::time::Duration;

/// Whether the calls of a contestant run where nothing prevents it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// There is nothing to run: the contestant is a limit.
    Never,
    /// A call that meets a run in progress may be refused, or be covered by another run.
    Alone,
    /// Each call runs, whatever others do meanwhile.
    Always,
}

/// What was observed of one measurement, for the scenario to judge.
pub struct Seen {
    pub threads: usize,
    pub count: Count,
    /// From the first call to the end of the last.
    pub span: Duration,
    /// Whether a run is still pending; `true` if there is nothing to ask.
    pub still_pending: bool,
}

/// Whether the calls did what this scenario is about. If not, their figure would describe
/// something different.
pub fn judge(scenario: Scenario, runs: Runs, seen: &Seen) -> Result<(), String> {
    let Count { calls, runs: ran } = seen.count;
    let must = match (scenario, runs) {
        (_, Runs::Never) => ran == 0,
        (Scenario::Coalesced | Scenario::Refused, _) => ran == 0 && seen.still_pending,
        (Scenario::Admitted, Runs::Always) => ran == calls,
        (Scenario::Admitted, Runs::Alone) if seen.threads == 1 => ran == calls,
        (Scenario::Admitted, Runs::Alone) => ran > 0,
        // Some count periods, not from one grant to the next, and clocks differ a little.
        (Scenario::Window, _) => {
            let possible = scenario.possible_runs(seen.span);
            ran > 0 && ran <= possible + 2 + possible / 50
        }
    };
    let pending = if seen.still_pending { "" } else { ", and the run was no longer pending" };
    if must { Ok(()) } else { Err(format!("{ran} of {calls} calls ran in {:?}{pending}", seen.span)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_right(scenario: Scenario, runs: Runs, threads: usize, ran: u64) -> bool {
        let count = Count { calls: 100, runs: ran };
        let seen = Seen { threads, count, span: Duration::from_micros(10_500), still_pending: true };
        judge(scenario, runs, &seen).is_ok()
    }

    #[test]
    fn where_no_call_may_run_one_is_an_error() {
        for scenario in [Scenario::Coalesced, Scenario::Refused] {
            for runs in [Runs::Never, Runs::Alone, Runs::Always] {
                assert!(is_right(scenario, runs, 2, 0) && !is_right(scenario, runs, 2, 1));
            }
        }
    }

    #[test]
    fn a_run_that_is_no_longer_pending_is_an_error() {
        let count = Count { calls: 100, runs: 0 };
        let seen = Seen { threads: 1, count, span: Duration::from_millis(1), still_pending: false };
        let why = judge(Scenario::Coalesced, Runs::Alone, &seen).unwrap_err();
        assert!(why.contains("no longer pending"), "{why}");
    }

    #[test]
    fn where_nothing_forbids_it_calls_run() {
        let admitted = |runs, threads, ran| is_right(Scenario::Admitted, runs, threads, ran);
        assert!(admitted(Runs::Always, 2, 100) && !admitted(Runs::Always, 2, 99));
        assert!(admitted(Runs::Alone, 1, 100) && !admitted(Runs::Alone, 1, 99));
        assert!(admitted(Runs::Alone, 2, 1) && !admitted(Runs::Alone, 2, 0));
        assert!(!admitted(Runs::Never, 1, 1));
    }

    #[test]
    fn a_window_has_a_run_and_not_too_many() {
        // Ten windows ended, so there are eleven possible.
        let fits = [0, 1, 11, 13, 14].map(|ran| is_right(Scenario::Window, Runs::Alone, 2, ran));
        assert_eq!(fits, [false, true, true, true, false]);
    }
}
