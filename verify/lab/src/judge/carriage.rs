//! G10: what each run was given, and what was left at the end.

use super::asked::Asked;
use super::spacing::SETTLED;
use super::{History, Verdict};
use crate::record::{Brought, Carried, Event, Kind, Spans, Testimony, Times};
use evidence::Guarantee::G10;

impl Verdict {
    pub(super) fn judge_carriage(&mut self, history: &History<'_>, order: &[usize], asked: &[Vec<Asked>]) {
        let given = history.log.given();
        // Threads that are stuck have not reported, and their front end has not ended.
        if history.testimonies.len() < history.log.callers() {
            return;
        }
        let given: Vec<&Carried> = order.iter().filter_map(|&index| given.get(index)).collect();
        match &history.end.remaining {
            None => {}
            Some(Carried::Count(left)) => self.judge_sum(history, order, &given, *left),
            Some(Carried::Newest(left)) => self.judge_newest(history, order, &given, *left, asked),
            Some(Carried::All(left)) => self.judge_all(history, order, &given, left, asked),
        }
    }

    /// Whether some of what calls brought may have been dropped: with what a cancel gave up.
    fn may_miss(&self, history: &History<'_>) -> bool {
        history.cancels_drop && self.tally[Event::Cancel] > 0
    }

    /// Each call is counted once, and only after it was made.
    fn judge_sum(&mut self, history: &History<'_>, order: &[usize], given: &[&Carried], left: u64) {
        let (mut sum, mut unseen, mut empty) = (0, 0, 0);
        for (&index, given) in order.iter().zip(given) {
            let &&Carried::Count(calls) = given else { continue };
            empty += u64::from(calls == 0);
            unseen += u64::from(sum + calls > history.log.calls_seen(index));
            // One that failed has put them back.
            if !history.log.runs()[index].has_failed {
                sum += calls;
            }
            self.carried += 1;
        }
        self.is_none(empty, G10, "runs were told of no call");
        self.is_none(unseen, G10, "runs were told of more calls than they had seen");
        let taken = self.count(Kind::Taken);
        if sum + left > taken || sum + left < taken && !self.may_miss(history) {
            let how = format!("{taken} calls were taken, the runs were told of {sum}, and {left} are left");
            self.is_broken(G10, how);
        }
    }

    /// Each run is given the newest value before its start, or again that of a run that failed.
    fn judge_newest(
        &mut self,
        history: &History<'_>,
        order: &[usize],
        given: &[&Carried],
        left: Option<Brought>,
        asked: &[Vec<Asked>],
    ) {
        let newest = given.iter().map(|given| match given {
            Carried::Newest(newest) => *newest,
            Carried::Count(_) | Carried::All(_) => None,
        });
        let (mut again, mut wrong, may_miss) = (None, 0, self.may_miss(history));
        for (place, (newest, asked)) in newest.chain([left]).zip(asked).enumerate() {
            let is_right = match newest {
                None if may_miss => true,
                _ if asked.is_empty() => newest == again,
                // Those that were asked for may have been dropped before the run that failed put its own back.
                Some(_) if may_miss && again == newest => true,
                Some(newest) => is_newest(history, newest, asked),
                None => false,
            };
            wrong += u64::from(!is_right);
            let has_failed = order.get(place).is_some_and(|&index| history.log.runs()[index].has_failed);
            again = newest.filter(|_| has_failed);
            self.carried += 1;
        }
        self.is_none(wrong, G10, "runs, or the rest at the end, had a value that was not the newest");
    }

    /// Each value is given once to a run that succeeds, in order, and to the run that covers its call.
    fn judge_all(
        &mut self,
        history: &History<'_>,
        order: &[usize],
        given: &[&Carried],
        left: &Spans,
        asked: &[Vec<Asked>],
    ) {
        let (callers, may_miss) = (history.log.callers(), self.may_miss(history));
        // The number of the last value that was given for good, of each caller.
        let mut done = vec![0; callers];
        let (mut wrong, mut elsewhere) = (0, 0);
        for ((&index, given), asked) in order.iter().zip(given).zip(asked) {
            let Carried::All(spans) = given else { continue };
            let (reached, faults) = after(&done, spans, may_miss);
            wrong += faults;
            let is_elsewhere = |asked: &&Asked| {
                let (reached, turn) = (reached[asked.thread], history.log.turn(asked.thread, asked.number));
                reached > turn || reached < turn && !may_miss
            };
            elsewhere += asked.iter().filter(is_elsewhere).count() as u64;
            if !history.log.runs()[index].has_failed {
                done = reached;
            }
            self.carried += 1;
        }
        let (reached, faults) = after(&done, left, may_miss);
        wrong += faults;
        // Each call has one answer.
        let calls = |testimony: &Testimony| testimony.times.iter().map(Times::len).sum::<u64>();
        let is_lost = |testimony: &&Testimony| !may_miss && reached[testimony.thread] != calls(testimony);
        let lost = history.testimonies.iter().filter(is_lost).count() as u64;
        self.is_none(wrong, G10, "values were lost on the way, came twice, or out of their order");
        self.is_none(elsewhere, G10, "values were not given to the run that covers their call");
        self.is_none(lost, G10, "callers brought values that are neither given nor left");
    }
}

/// Whether no call of these is known to be newer.
fn is_newest(history: &History<'_>, newest: Brought, asked: &[Asked]) -> bool {
    let is_it = |asked: &&Asked| {
        asked.thread == newest.caller as usize
            && history.log.turn(asked.thread, asked.number) == newest.number
    };
    asked.iter().find(is_it).is_some_and(|of_it| {
        let over = of_it.returned_at.saturating_add(SETTLED);
        asked.iter().all(|other| other.latest_at <= over)
    })
}

/// The last number of each caller after these values, and how often one did not follow the one before it. `may_miss`: some
/// in between may have been dropped.
fn after(done: &[u64], spans: &Spans, may_miss: bool) -> (Vec<u64>, u64) {
    let (mut reached, mut faults) = (done.to_vec(), 0);
    for span in &spans.0 {
        let Some(last) = reached.get_mut(span.caller as usize) else {
            faults += 1;
            continue;
        };
        faults += u64::from(span.first <= *last || span.first != *last + 1 && !may_miss);
        *last = span.last;
    }
    (reached, faults)
}
