//! Compares the answers to the callers of a storm with the runs that took place.
//!
//! Each rule is one that no correct throttle can break, whatever the schedule. What it cannot see stands
//! beside it.

mod asked;
mod carriage;
mod coverage;
mod ends;
mod pace;
mod spacing;
mod verdict;

pub use pace::{Pace, Paced};
pub use verdict::{Broken, Verdict};

use crate::record::{Carried, Change, Kind, Run, RunLog, Tally, Testimony, count};
use atomic_throttle::state::DeferralStatus;

/// All that is known of one throttle, after its callers have left.
pub struct History<'h> {
    /// The latest run of the storm before, on the same throttle.
    pub before: Option<Run>,
    pub log: &'h RunLog,
    /// The thresholds, from the first one on.
    pub changes: &'h [Change],
    pub testimonies: &'h [Testimony],
    /// What happened to the other throttles of the storm.
    pub elsewhere: Tally,
    /// What holds runs beside their windows.
    pub paced: Option<Paced>,
    /// Whether a cancel drops what no run was given.
    pub cancels_drop: bool,
    pub end: StormEnd,
}

/// How a storm ended.
#[derive(Clone, Debug)]
pub struct StormEnd {
    /// What was left when all callers had come back, before what was owed was performed.
    pub left: DeferralStatus,
    /// Whether a run was in progress then.
    pub is_running: bool,
    /// Runs that began inside another one.
    pub overlaps: u64,
    /// Runs that panicked.
    pub panics: u64,
    /// Panics that arrived in calls, if all runs take place there.
    pub arrived: Option<u64>,
    /// What was left of what calls brought, when the front end had ended.
    pub remaining: Option<Carried>,
}

/// Judges one throttle.
pub fn judge(history: &History<'_>) -> Verdict {
    let runs = history.log.runs();
    let mut order: Vec<usize> = (0..runs.len()).collect();
    order.sort_by_key(|&index| runs[index].stamp);
    let longest = history.testimonies.iter().map(|testimony| testimony.longest_delay).max();
    let mut verdict = Verdict {
        tally: Tally::of_all(history.testimonies),
        runs: runs.len() as u64,
        failed: runs.iter().filter(|run| run.has_failed).count() as u64,
        flushed: runs.iter().filter(|run| run.flushed).count() as u64,
        kinds: Kind::ALL.map(|kind| count(history.testimonies, kind)),
        panics: history.end.panics,
        overlaps: history.end.overlaps,
        longest_delay: longest.unwrap_or(0),
        ..Verdict::default()
    };
    verdict.judge_runs(history, &order);
    verdict.judge_coverage(history, &order);
    verdict.judge_waits(history, &order);
    verdict.judge_dropped(history, &order);
    verdict.judge_counts(history, &order);
    verdict.judge_owners(history);
    let asked = history.asked(&order);
    verdict.judge_pace(history, &order, &asked);
    verdict.judge_carriage(history, &order, &asked);
    verdict
}

#[cfg(test)]
mod tests;
