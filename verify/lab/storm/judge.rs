//! Compares the answers to the threads with the runs that took place.

use super::record::{DroppedCall, Heard, Kind, Promise, RunLog, Testimony};

/// How a storm ended.
pub struct StormEnd {
    /// Whether a run was still pending or owed, visibly.
    pub still_owed: bool,
    /// Runs that began inside another one.
    pub overlaps: u64,
}

/// A guarantee that was seen broken.
#[derive(Debug, PartialEq, Eq)]
pub struct Broken {
    pub guarantee: &'static str,
    pub how: String,
}

/// The findings about a storm.
#[derive(Default)]
pub struct Verdict {
    pub runs: usize,
    pub flushed: usize,
    /// Between the stamps of two runs, flushed ones left out. Decides G1.
    pub shortest_gap: Option<u64>,
    /// The same between readings of the clock inside the runs. Decides nothing.
    pub shortest_gap_inside: Option<u64>,
    pub overlaps: u64,
    pub longest_delay: u64,
    /// Promises without a run that kept them.
    pub uncovered: u64,
    /// Promises that a cancel took back.
    pub cancelled: u64,
    /// Promises that are still to be kept.
    pub still_owed: u64,
    /// Cancels that gave up a run.
    pub cancels: u64,
    pub broken: Vec<Broken>,
}

/// Judges a storm. `threshold` is in nanoseconds.
pub fn judge(log: &RunLog, testimonies: &[Testimony], threshold: u64, end: &StormEnd) -> Verdict {
    let mut order: Vec<usize> = (0..log.runs().len()).collect();
    order.sort_by_key(|&index| log.runs()[index].stamp);
    let mut verdict = Verdict {
        runs: order.len(),
        flushed: log.runs().iter().filter(|run| run.flushed).count(),
        overlaps: end.overlaps,
        cancels: testimonies.iter().map(|testimony| testimony.cancels).sum(),
        longest_delay: testimonies.iter().map(|testimony| testimony.longest_delay).max().unwrap_or(0),
        ..Verdict::default()
    };
    verdict.judge_spacing(log, &order, threshold);
    verdict.judge_exclusion();
    verdict.judge_coverage(log, &order, testimonies, end);
    verdict.judge_counts(log, &order, testimonies);
    verdict
}

impl Verdict {
    /// The findings about several throttles, each judged by itself.
    pub fn of_all(verdicts: impl ExactSizeIterator<Item = Self>) -> Self {
        let several = verdicts.len() > 1;
        let least = |one: Option<u64>, other: Option<u64>| one.into_iter().chain(other).min();
        let mut all = Self::default();
        for (key, verdict) in verdicts.enumerate() {
            all.runs += verdict.runs;
            all.flushed += verdict.flushed;
            all.shortest_gap = least(all.shortest_gap, verdict.shortest_gap);
            all.shortest_gap_inside = least(all.shortest_gap_inside, verdict.shortest_gap_inside);
            all.overlaps += verdict.overlaps;
            all.longest_delay = all.longest_delay.max(verdict.longest_delay);
            all.uncovered += verdict.uncovered;
            all.cancelled += verdict.cancelled;
            all.still_owed += verdict.still_owed;
            all.cancels += verdict.cancels;
            let of_key = |Broken { guarantee, how }| {
                let how = if several { format!("key {}: {how}", key + 1) } else { how };
                Broken { guarantee, how }
            };
            all.broken.extend(verdict.broken.into_iter().map(of_key));
        }
        all
    }

    fn is_broken(&mut self, guarantee: &'static str, how: String) {
        self.broken.push(Broken { guarantee, how });
    }

    fn judge_spacing(&mut self, log: &RunLog, order: &[usize], threshold: u64) {
        let mut too_early = 0;
        for pair in order.windows(2) {
            let (before, after) = (log.runs()[pair[0]], log.runs()[pair[1]]);
            // A flush is the explicit exception from G1. It starts a window of its own.
            if after.flushed {
                continue;
            }
            let gap = after.stamp - before.stamp;
            let inside = after.inside.saturating_sub(before.inside);
            self.shortest_gap = Some(self.shortest_gap.map_or(gap, |least| least.min(gap)));
            self.shortest_gap_inside =
                Some(self.shortest_gap_inside.map_or(inside, |least| least.min(inside)));
            too_early += u64::from(gap < threshold);
        }
        if too_early > 0 {
            let least = self.shortest_gap.unwrap_or(0);
            let how = format!(
                "{too_early} of {} runs started within the window before them; \
                 the shortest gap between two stamps is {least} ns, the threshold {threshold} ns",
                self.runs
            );
            self.is_broken("G1", how);
        }
        // A stamp is a reading of the clock made before the run. One that was made up would satisfy the
        // comparison above, whatever the runs did. Where the clock has not moved since the run before,
        // a stamp is that of the run before plus 1.
        let made_up = order.iter().enumerate().filter(|&(place, &index)| {
            let run = log.runs()[index];
            let least = place.checked_sub(1).map_or(0, |before| log.runs()[order[before]].stamp + 1);
            run.stamp > run.inside.max(least)
        });
        let made_up = made_up.count();
        if made_up > 0 {
            self.is_broken("G1", format!("{made_up} runs carry a stamp later than their first instruction"));
        }
    }

    fn judge_exclusion(&mut self) {
        if self.overlaps > 0 {
            self.is_broken(
                "G2",
                format!("{} runs began inside another run (whose stamp they may have read)", self.overlaps),
            );
        }
    }

    fn judge_coverage(&mut self, log: &RunLog, order: &[usize], testimonies: &[Testimony], end: &StormEnd) {
        let cancelled_at = testimonies.iter().map(|testimony| testimony.cancelled_at).max().unwrap_or(0);
        let mut example = None;
        for testimony in testimonies {
            let seen = |index: usize| log.seen(index, testimony.thread);
            let stamp = |index: usize| log.runs()[index].stamp;
            for promise in &testimony.promises {
                let covers = |index: &usize| stamp(*index) > promise.after;
                // What the runs saw shows whether one came before the call had returned.
                let may_cover = |index: &usize| promise.is_vague && seen(*index) >= promise.number;
                let next = order.partition_point(|index| !covers(index));
                let Some(&cover) = order.get(next).or_else(|| order.last().filter(|&last| may_cover(last)))
                else {
                    // No run is left that could cover it. A cancel excuses only what was called before
                    // it returned.
                    let until = if promise.is_vague { 0 } else { promise.epoch };
                    if end.still_owed {
                        self.still_owed += 1;
                    } else if cancelled_at > until.max(promise.latest_at) {
                        self.cancelled += 1;
                    } else {
                        self.uncovered += 1;
                        example.get_or_insert_with(|| uncovered(testimony.thread, promise, None));
                    }
                    continue;
                };
                if seen(cover) < promise.number {
                    self.uncovered += 1;
                    example.get_or_insert_with(|| uncovered(testimony.thread, promise, Some(seen(cover))));
                }
                // No run before this one covers the first of the calls.
                let is_too_soon = |index: &usize| stamp(*index) <= promise.first_at && !may_cover(index);
                let soonest = if promise.is_vague {
                    order[order.partition_point(is_too_soon).min(next)]
                } else {
                    cover
                };
                self.longest_delay = self.longest_delay.max(stamp(soonest).saturating_sub(promise.first_at));
            }
        }
        if let Some(example) = example {
            let how = format!("{} calls or more are uncovered; {example}", self.uncovered);
            self.is_broken("G3", how);
        }
        // An owed run excuses the calls. But in a storm no owner leaves, and pending runs are waited for.
        if end.still_owed {
            self.is_broken("G5", "a run is pending or owed after the end, and nobody performs it".to_owned());
        }
        self.judge_waits(log, order, testimonies);
        self.judge_dropped(log, order, testimonies, end, cancelled_at);
        self.judge_owners(testimonies);
    }

    /// A wait may say that a covering run has ended only after its end.
    fn judge_waits(&mut self, log: &RunLog, order: &[usize], testimonies: &[Testimony]) {
        let is_early = |thread: usize, heard: &Heard| {
            let ended = order.partition_point(|&index| log.runs()[index].end <= heard.at);
            let last = ended.checked_sub(1).map(|place| order[place]);
            last.is_none_or(|last| {
                log.runs()[last].stamp <= heard.epoch || log.seen(last, thread) < heard.number
            })
        };
        let (mut waits, mut early) = (0, 0);
        for testimony in testimonies {
            waits += testimony.heard.len();
            early += testimony.heard.iter().filter(|heard| is_early(testimony.thread, heard)).count();
        }
        if early > 0 {
            let how = format!("{early} of {waits} waits ended before a run that covers the call");
            self.is_broken("G3", how);
        }
    }

    /// A call whose future was dropped got no answer, but it was made: some run saw it, so the last one did.
    fn judge_dropped(
        &mut self,
        log: &RunLog,
        order: &[usize],
        testimonies: &[Testimony],
        end: &StormEnd,
        cancelled_at: u64,
    ) {
        let saw = |thread| order.last().map_or(0, |&last| log.seen(last, thread));
        let is_lost = |testimony: &&Testimony| {
            let seen = saw(testimony.thread);
            let lost = |call: DroppedCall| seen < call.number && cancelled_at <= call.called;
            testimony.unheard.is_some_and(lost) && !end.still_owed
        };
        let lost = testimonies.iter().filter(is_lost).count();
        if lost > 0 {
            let how = format!("the last call of {lost} threads whose future was dropped was lost with it");
            self.is_broken("G3", how);
        }
    }

    /// For a front end that counts: a run has seen every call that it is told to cover, and each call is
    /// counted exactly once.
    fn judge_counts(&mut self, log: &RunLog, order: &[usize], testimonies: &[Testimony]) {
        // Threads that are stuck have not reported.
        if testimonies.len() < log.threads() {
            return;
        }
        let (mut counted, mut unseen) = (0, 0);
        for &index in order {
            let Some(calls) = log.runs()[index].calls else { return };
            counted += calls;
            // Some of the calls that it saw may be counted by a later run; none that it counts is made later.
            unseen += u64::from(counted > log.calls_seen(index));
        }
        if unseen > 0 {
            self.is_broken("G3", format!("{unseen} runs were told to cover more calls than they had seen"));
        }
        let taken = count(testimonies, Kind::Taken);
        // What a cancel gave up is counted elsewhere.
        if counted > taken || counted < taken && self.cancels == 0 {
            self.is_broken("G3", format!("{taken} calls were taken, and the runs were told of {counted}"));
        }
    }

    fn judge_owners(&mut self, testimonies: &[Testimony]) {
        let blind: u64 = testimonies.iter().map(|testimony| testimony.blind).sum();
        if blind > 0 {
            self.is_broken(
                "G3",
                format!("{blind} runs had not seen the number of the call that they ran in"),
            );
        }
        let calls = |kind| count(testimonies, kind);
        // Each cancel is acknowledged by one owner at most.
        if calls(Kind::Cancelled) > self.cancels {
            let cancelled = calls(Kind::Cancelled);
            self.is_broken("G3", format!("{cancelled} owners were cancelled by {} cancels", self.cancels));
        }
        // A run is left owed only inside another run, or when its front end ends: not in a storm.
        if calls(Kind::Owed) > 0 {
            self.is_broken("G3", format!("{} owners left without need", calls(Kind::Owed)));
        }
        if calls(Kind::NotTaken) > 0 {
            self.is_broken("G6", format!("{} calls were not taken before the end", calls(Kind::NotTaken)));
        }
    }
}

/// The calls of that kind.
pub fn count(testimonies: &[Testimony], kind: Kind) -> u64 {
    testimonies.iter().map(|testimony| testimony.times[kind as usize].len()).sum()
}

fn uncovered(thread: usize, promise: &Promise, seen: Option<u64>) -> String {
    let Promise { epoch, number, .. } = promise;
    let what = match seen {
        Some(seen) => format!("saw only {seen}"),
        None => "never came".to_owned(),
    };
    let thread = thread + 1;
    format!("the run that was to cover call {number} of thread {thread}, promised in epoch {epoch}, {what}")
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
