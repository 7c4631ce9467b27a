//! G1 and G2: each run, and the one before it.

use super::{History, Verdict};
use crate::record::{Change, Run};
use evidence::Guarantee::{G1, G2};

/// A change of the threshold counts as seen by every thread so many nanoseconds after it has returned. It
/// ends with a fence, but a processor may carry out a load a little ahead of the clock reading before it.
pub(super) const SETTLED: u64 = 1000;

impl Verdict {
    pub(super) fn judge_runs(&mut self, history: &History<'_>, order: &[usize]) {
        let mut thresholds = InForce::of(history.changes);
        let (mut early, mut made_up, mut same, mut within, mut unseen) = (0, 0, 0, 0, 0);
        let mut example = String::new();
        let mut before = history.before.unwrap_or_default();
        let runs: Vec<Run> = order.iter().map(|&index| history.log.runs()[index]).collect();
        let found_from: Vec<u64> =
            std::iter::once(before.stamp).chain(runs.iter().map(|run| run.stamp)).take(runs.len()).collect();
        for ((run, after), done_with) in runs.into_iter().zip(&found_from).zip(smallest_from(&found_from)) {
            let least = thresholds.least(*after, run.inside, done_with);
            // A flush is the explicit exception from G1. It starts a window of its own.
            if !run.flushed && before.stamp > 0 {
                let gap = run.stamp.saturating_sub(before.stamp);
                let inside = run.inside.saturating_sub(before.inside);
                self.shortest_gap = Some(self.shortest_gap.map_or(gap, |least| least.min(gap)));
                self.shortest_gap_inside =
                    Some(self.shortest_gap_inside.map_or(inside, |least| least.min(inside)));
                self.spaced += u64::from(least > 0);
                if gap < least {
                    early += 1;
                    example = format!("{gap} ns where no threshold was below {least} ns");
                }
            }
            // A stamp is a reading of the clock made before the run. One that was made up would satisfy the
            // comparison above, whatever the runs did. Where the clock has not moved since the run before,
            // a stamp is that of the run before plus 1.
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
            G1,
            &format!("runs started within the window before them, such as after {example}"),
        );
        self.is_none(made_up, G1, "runs carry a stamp later than their first instruction");
        self.is_none(
            history.end.overlaps,
            G2,
            "runs began inside another run (whose stamp they may have read)",
        );
        self.is_none(same, G2, "runs found a stamp that is not later than that of another run");
        self.is_none(within, G2, "runs began before the end of the one before them");
        self.is_none(unseen, G2, "runs did not see what the run before them had left");
    }
}

/// For each place, the smallest number from there on.
fn smallest_from(numbers: &[u64]) -> Vec<u64> {
    let mut smallest = u64::MAX;
    let mut all: Vec<u64> = numbers
        .iter()
        .rev()
        .map(|&number| {
            smallest = smallest.min(number);
            smallest
        })
        .collect();
    all.reverse();
    all
}

/// A threshold, and the time in which a start may have found it.
#[derive(Clone, Copy)]
struct Span {
    threshold: u64,
    from: u64,
    until: u64,
}

/// The thresholds, in the order in which a start may have found them first.
///
/// A change takes effect between the two readings of the clock around it. Its threshold is certainly replaced
/// once another change, begun after its return, has returned. The changes of several threads may overlap;
/// then both thresholds count as in force until that.
struct InForce {
    /// Later ones first.
    to_come: Vec<Span>,
    /// Those that begin no later than some run so far, and may still be found.
    so_far: Vec<Span>,
}

impl InForce {
    fn of(changes: &[Change]) -> Self {
        let mut by_begin = changes.to_vec();
        by_begin.sort_by_key(|change| change.begun);
        // For each place, when the first of the changes from there on has returned.
        let mut returned = vec![u64::MAX; by_begin.len() + 1];
        for (place, change) in by_begin.iter().enumerate().rev() {
            returned[place] = returned[place + 1].min(change.returned.saturating_add(SETTLED));
        }
        let span = |(place, change): (usize, &Change)| {
            let later = by_begin.partition_point(|other| other.begun < change.returned).max(place + 1);
            Span { threshold: change.threshold, from: change.begun, until: returned[later] }
        };
        Self { to_come: by_begin.iter().enumerate().rev().map(span).collect(), so_far: Vec::new() }
    }

    /// The smallest threshold by which the start of a run may have been decided. The runs are asked about in
    /// the order of their stamps.
    ///
    /// A start loads the threshold after it has seen the start before it, whose stamp is `after`, and before
    /// its first instruction, which reads the clock at `before`. So it found one that was in force at some
    /// moment in between. If several were, a run that obeyed the smaller one at the wrong moment goes
    /// unnoticed. No later run asks for what was in force before `done_with` alone.
    fn least(&mut self, after: u64, before: u64, done_with: u64) -> u64 {
        while self.to_come.last().is_some_and(|span| span.from <= before) {
            self.so_far.extend(self.to_come.pop());
        }
        self.so_far.retain(|span| span.until >= done_with);
        let found = self.so_far.iter().filter(|span| span.from <= before && span.until >= after);
        found.map(|span| span.threshold).min().unwrap_or(0)
    }
}
