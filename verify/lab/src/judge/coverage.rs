//! G3: the runs that were promised, what was waited for, and what was counted.

use super::{History, Verdict};
use crate::record::{Event, Heard, Kind, Promise, Testimony};
use atomic_throttle::state::DeferralStatus;
use evidence::Guarantee::G3;

impl History<'_> {
    fn stamp(&self, index: usize) -> u64 {
        self.log.runs()[index].stamp
    }

    /// When the latest cancel had returned in the epoch of the last run. No run came after it.
    fn cancelled_at(&self, order: &[usize]) -> Option<u64> {
        let last = order.last().map_or(self.before.map_or(0, |run| run.stamp), |&last| self.stamp(last));
        let cancels = self.testimonies.iter().filter_map(|testimony| testimony.cancelled);
        cancels.filter(|cancel| cancel.epoch >= last).map(|cancel| cancel.at).max()
    }

    /// Whether a run is visibly still to come.
    fn is_still_owed(&self) -> bool {
        matches!(self.end.left, DeferralStatus::Pending | DeferralStatus::Owed)
    }
}

impl Verdict {
    /// The first run after the epoch of a promise has seen the call. A missing run is excused by a cancel in
    /// that epoch which returned after the call was made, and by one that is visibly still to come.
    ///
    /// A cancel excuses all calls made before it returned, even those that it did not cancel. A promise that
    /// it excuses wrongly goes unnoticed.
    pub(super) fn judge_coverage(&mut self, history: &History<'_>, order: &[usize]) {
        let cancelled_at = history.cancelled_at(order);
        let mut example = None;
        for testimony in history.testimonies {
            let seen = |index: usize| history.log.seen(index, testimony.thread);
            for promise in &testimony.promises {
                // What the runs saw shows whether one came before the call had returned.
                let may_cover = |index: &usize| promise.is_vague && seen(*index) >= promise.number;
                let next = order.partition_point(|&index| history.stamp(index) <= promise.after);
                let cover = order.get(next).or_else(|| order.last().filter(|&last| may_cover(last)));
                // One that failed is tried again, by a later run or by none.
                let is_done = |&&index: &&usize| {
                    !history.log.runs()[index].has_failed && (!promise.is_vague || may_cover(&index))
                };
                let from = if promise.is_vague { 0 } else { next };
                let is_owing = cover.is_some() && !order[from..].iter().any(|index| is_done(&index));
                match cover.filter(|&&cover| !is_owing || seen(cover) < promise.number) {
                    Some(&cover) if seen(cover) >= promise.number => {
                        self.covered += 1;
                        // No run before this one covers the first of the calls.
                        let is_too_soon =
                            |index: &usize| history.stamp(*index) <= promise.first_at && !may_cover(index);
                        let soonest = order.partition_point(is_too_soon).min(next);
                        let soonest = if promise.is_vague { order[soonest] } else { cover };
                        let delay = history.stamp(soonest).saturating_sub(promise.first_at);
                        self.longest_delay = self.longest_delay.max(delay);
                    }
                    None if history.is_still_owed() => self.still_owed += 1,
                    None if cancelled_at.is_some_and(|at| at > promise.latest_at) => self.cancelled += 1,
                    _ => {
                        self.uncovered += 1;
                        let seen = cover.filter(|_| !is_owing).map(|&cover| seen(cover));
                        example.get_or_insert_with(|| describe(testimony.thread, promise, seen));
                    }
                }
            }
        }
        if let Some(example) = example {
            self.is_none(self.uncovered, G3, &format!("promises or more were not kept; {example}"));
        }
    }

    /// A wait may say that a covering run has ended only after its end.
    pub(super) fn judge_waits(&mut self, history: &History<'_>, order: &[usize]) {
        let is_early = |thread: usize, heard: &Heard| {
            let ended = order.partition_point(|&index| history.log.runs()[index].end <= heard.at);
            // The last one that did not fail has seen the most.
            let last = order[..ended].iter().rev().find(|&&index| !history.log.runs()[index].has_failed);
            last.is_none_or(|&last| {
                history.stamp(last) <= heard.epoch || history.log.seen(last, thread) < heard.number
            })
        };
        let mut early = 0;
        for testimony in history.testimonies {
            self.waits += testimony.heard.len() as u64;
            early += testimony.heard.iter().filter(|heard| is_early(testimony.thread, heard)).count() as u64;
        }
        self.is_none(early, G3, "waits ended before a run that covers the call");
    }

    /// A call whose future was dropped got no answer, but it was made: some run saw it, so the last one did.
    pub(super) fn judge_dropped(&mut self, history: &History<'_>, order: &[usize]) {
        let cancelled_at = history.cancelled_at(order);
        let saw = |thread| order.last().map_or(0, |&last| history.log.seen(last, thread));
        let is_lost = |testimony: &&Testimony| {
            testimony.unheard.is_some_and(|call| {
                saw(testimony.thread) < call.number && cancelled_at.is_none_or(|at| at <= call.called)
            })
        };
        let lost = history.testimonies.iter().filter(is_lost).count() as u64;
        if !history.is_still_owed() {
            self.is_none(lost, G3, "calls whose future was dropped were lost with it");
        }
    }

    /// For a front end that counts: a run has seen every call that it is told to cover, and each call is
    /// counted exactly once.
    pub(super) fn judge_counts(&mut self, history: &History<'_>, order: &[usize]) {
        // Threads that are stuck have not reported.
        if history.testimonies.len() < history.log.callers() {
            return;
        }
        let mut unseen = 0;
        for &index in order {
            let Some(calls) = history.log.runs()[index].calls else { return };
            // Some of the calls that it saw may be counted by a later run; none that it counts is made later.
            unseen += u64::from(self.counted + calls > history.log.calls_seen(index));
            // One that failed has put them back.
            if !history.log.runs()[index].has_failed {
                self.counted += calls;
            }
        }
        self.is_none(unseen, G3, "runs were told to cover more calls than they had seen");
        let (counted, taken) = (self.counted, self.count(Kind::Taken));
        // What a cancel gave up is counted elsewhere.
        let may_be_less = self.tally[Event::Cancel] > 0;
        if counted > taken || counted < taken && !may_be_less {
            self.is_broken(G3, format!("{taken} calls were taken, and the runs were told of {counted}"));
        }
    }
}

fn describe(thread: usize, promise: &Promise, seen: Option<u64>) -> String {
    let Promise { epoch, number, .. } = promise;
    let what = match seen {
        Some(seen) => format!("saw only {seen}"),
        None => "never came".to_owned(),
    };
    let thread = thread + 1;
    format!("the run that was to cover call {number} of thread {thread}, promised in epoch {epoch}, {what}")
}
