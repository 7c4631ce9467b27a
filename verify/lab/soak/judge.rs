//! Compares the answers to the threads of a round with the runs that took place.
//!
//! Each rule is one that no correct throttle can break, whatever the schedule. What it cannot see stands
//! beside it.

use crate::record::{Change, Event, Promise, Run, RunLog, Tally, Testimony};
use atomic_throttle::state::{DeferralStatus, State};

/// A change of the threshold counts as seen by every thread so many nanoseconds after it has returned. It
/// ends with a fence, but a processor may carry out a load a little ahead of the clock reading before it.
const SETTLED: u64 = 1000;

/// All that is known of a round, after its threads have left.
pub struct Round<'r> {
    /// The latest run of the round before.
    pub before: Option<Run>,
    pub log: &'r RunLog,
    pub changes: &'r [Change],
    pub testimonies: &'r [Testimony],
    /// Runs that began inside another one.
    pub overlaps: u64,
    /// The state that the threads left behind, before the owed run was performed.
    pub left: State,
}

/// A guarantee that was seen broken.
#[derive(Debug, PartialEq, Eq)]
pub struct Broken {
    pub guarantee: &'static str,
    pub how: String,
}

/// The findings about a round.
#[derive(Debug, Default)]
pub struct Verdict {
    pub tally: Tally,
    pub runs: u64,
    /// Runs whose distance from the one before was compared with a threshold above 0.
    pub spaced: u64,
    /// Promises of a thread and an epoch that were compared with a run.
    pub covered: u64,
    /// Promises that a cancel took back.
    pub cancelled: u64,
    /// Promises that an earlier run may have kept. They decide nothing.
    pub vague: u64,
    pub broken: Vec<Broken>,
}

/// What never happens, whatever the schedule.
const NEVER: [(Event, &str, &str); 6] = [
    (Event::Blind, "G3", "runs had not seen the number of the call that they ran in"),
    (Event::WaitedInVain, "G3", "waits ended well though no run that covers their call had left its stamp"),
    (Event::RanInside, "G2", "calls inside a run ran, or were told that a later run was over"),
    (Event::NeedlesslyOwed, "G4", "owners without a limit left"),
    (Event::LeftEarly, "G4", "owners left before their limit"),
    (Event::WaitedEarly, "G5", "waits ended before their limit"),
];

/// Judges a round.
pub fn judge(round: &Round<'_>) -> Verdict {
    let mut tally = Tally::default();
    round.testimonies.iter().for_each(|testimony| tally += testimony.tally);
    let mut verdict = Verdict { tally, runs: round.log.runs().len() as u64, ..Verdict::default() };
    let mut order: Vec<usize> = (0..round.log.runs().len()).collect();
    order.sort_by_key(|&index| round.log.runs()[index].stamp);

    verdict.judge_runs(round, &order);
    verdict.judge_coverage(round, &order);
    verdict.judge_owners(round);
    for (event, guarantee, what) in NEVER {
        verdict.is_none(tally[event], guarantee, what);
    }
    verdict
}

impl Verdict {
    fn is_broken(&mut self, guarantee: &'static str, how: String) {
        self.broken.push(Broken { guarantee, how });
    }

    fn is_none(&mut self, count: u64, guarantee: &'static str, what: &str) {
        if count > 0 {
            self.is_broken(guarantee, format!("{count} {what}"));
        }
    }

    /// G1 and G2, for each run and the one before it.
    fn judge_runs(&mut self, round: &Round<'_>, order: &[usize]) {
        let threshold = InForce::of(round.changes);
        let (mut early, mut made_up, mut same, mut within, mut unseen) = (0, 0, 0, 0, 0);
        let mut example = String::new();
        let mut before = round.before.unwrap_or_default();
        for run in order.iter().map(|&index| round.log.runs()[index]) {
            // A flush is the explicit exception from G1. It starts a window of its own.
            if !run.flushed && before.stamp > 0 {
                let least = threshold.least(before.stamp, run.inside);
                let gap = run.stamp.saturating_sub(before.stamp);
                self.spaced += u64::from(least > 0);
                if gap < least {
                    early += 1;
                    example = format!("{gap} ns where no threshold was below {least} ns");
                }
            }
            // A stamp is a reading of the clock made before the run, or that of the run before plus 1.
            made_up += u64::from(run.stamp > run.inside.max(before.stamp + 1));
            same += u64::from(run.stamp <= before.stamp);
            // The clock is ordered across cores, so a run that starts after the end of another one reads a
            // later time.
            within += u64::from(run.inside < before.end);
            unseen += u64::from(run.before != before.stamp);
            before = run;
        }
        self.is_none(
            early,
            "G1",
            &format!("runs started within the window before them, such as after {example}"),
        );
        self.is_none(made_up, "G1", "runs carry a stamp later than their first instruction");
        self.is_none(round.overlaps, "G2", "runs began inside another run");
        self.is_none(same, "G2", "runs found a stamp that is not later than that of another run");
        self.is_none(within, "G2", "runs began before the end of the one before them");
        self.is_none(unseen, "G2", "runs did not see what the run before them had left");
    }

    /// G3: the first run after the epoch of a promise has seen the call. A missing run is excused by a cancel
    /// in that epoch which returned after the call was made.
    ///
    /// What was owed at the end has been performed, so a run has come for it. A cancel excuses all calls made
    /// before it returned, even those that it did not cancel; a promise that it excuses wrongly goes
    /// unnoticed.
    fn judge_coverage(&mut self, round: &Round<'_>, order: &[usize]) {
        let runs = round.log.runs();
        let last = order.last().map_or(round.before.unwrap_or_default(), |&index| runs[index]);
        let cancels = round.testimonies.iter().filter_map(|testimony| testimony.cancelled);
        let cancelled_at = cancels.filter(|&(epoch, _)| epoch >= last.stamp).map(|(_, at)| at).max();
        let (mut uncovered, mut example) = (0, String::new());
        for (thread, testimony) in round.testimonies.iter().enumerate() {
            for promise in &testimony.promises {
                let next = order.partition_point(|&index| runs[index].stamp <= promise.epoch);
                let seen = order.get(next).map(|&index| round.log.seen(index, thread));
                match seen {
                    Some(seen) if seen >= promise.number => self.covered += 1,
                    None if cancelled_at.is_some_and(|at| at > promise.called) => self.cancelled += 1,
                    None if promise.vague => self.vague += 1,
                    _ => {
                        uncovered += 1;
                        example = describe(thread, promise, seen);
                    }
                }
            }
        }
        self.is_none(uncovered, "G3", &format!("promises or more were not kept; {example}"));
    }

    /// G4 to G6, as far as they show from outside: no owner leaves unasked, none outlives its call, and every
    /// panic reaches its caller.
    ///
    /// Two owners of one deferral would not show here, unless both run: the second one learns that it was
    /// covered.
    fn judge_owners(&mut self, round: &Round<'_>) {
        let tally = self.tally;
        let deferral = round.left.deferral();
        if matches!(deferral, DeferralStatus::Pending | DeferralStatus::Cancelled) {
            self.is_broken("G4", format!("a deferral is {deferral:?}, and its owner has left"));
        }
        if round.left.is_running() {
            self.is_broken("G6", "a run is in progress, and nobody performs it".to_owned());
        }
        if tally[Event::Thrown] != tally[Event::Caught] {
            let how = format!("{} panics arrived of {}", tally[Event::Caught], tally[Event::Thrown]);
            self.is_broken("G6", how);
        }
        // Each cancel is acknowledged by one owner at most.
        if tally[Event::Cancelled] > tally[Event::Cancel] {
            let (owners, cancels) = (tally[Event::Cancelled], tally[Event::Cancel]);
            self.is_broken("G4", format!("{owners} owners were cancelled by {cancels} cancels"));
        }
        if tally[Event::WaitCancelled] > 0 && tally[Event::Cancel] == 0 {
            self.is_broken("G3", "a wait was told of a cancel, and there was none".to_owned());
        }
        if tally[Event::WaitOwed] > 0 && tally[Event::Owed] == 0 {
            self.is_broken("G3", "a wait was told of an owner who left, and none did".to_owned());
        }
    }
}

/// The thresholds, each with the time in which a start may have found it.
///
/// A change takes effect between the two readings of the clock around it. Its threshold is certainly replaced
/// once another change, begun after its return, has returned. The changes of several threads may overlap;
/// then both thresholds count as in force until that.
struct InForce(Vec<(u64, u64, u64)>);

impl InForce {
    fn of(changes: &[Change]) -> Self {
        let until = |change: &Change| {
            let later = changes.iter().filter(|other| other.begun >= change.returned);
            later.map(|other| other.returned.saturating_add(SETTLED)).min().unwrap_or(u64::MAX)
        };
        Self(changes.iter().map(|change| (change.threshold, change.begun, until(change))).collect())
    }

    /// The smallest threshold by which the start of a run may have been decided.
    ///
    /// A start loads the threshold after it has seen the start before it, whose stamp is `after`, and before
    /// its first instruction, which reads the clock at `before`. So it found one that was in force at some
    /// moment in between. If several were, a run that obeyed the smaller one at the wrong moment goes
    /// unnoticed.
    fn least(&self, after: u64, before: u64) -> u64 {
        let found = self.0.iter().filter(|&&(_, from, until)| from <= before && until >= after);
        found.map(|&(threshold, ..)| threshold).min().unwrap_or(0)
    }
}

fn describe(thread: usize, promise: &Promise, seen: Option<u64>) -> String {
    let Promise { epoch, number, .. } = promise;
    let what = match seen {
        Some(seen) => format!("saw only {seen}"),
        None => "never came".to_owned(),
    };
    format!("the run that was to cover call {number} of thread {thread}, told in epoch {epoch}, {what}")
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
