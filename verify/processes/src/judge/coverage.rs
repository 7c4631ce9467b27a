//! Coverage: a run that finished follows every call of a process that lived on, and no call was reported as
//! covered before that.

use super::history::{History, Run};
use super::{Breach, Trial};
use crate::log::Nanos;

pub(super) fn judge(trial: &Trial, history: &History, breaches: &mut Vec<Breach>) {
    let covering = Covering::of(&history.runs);
    for call in &history.calls {
        // The run had ended before its process could finish it, and calls are reported as covered only after
        // that.
        let told_too_early = call.covered.is_some_and(|told| covering.first_end(call.at) > told);
        if told_too_early {
            breaches.push(Breach::FalselyCovered { who: call.who, call: call.number });
        }
    }
    for log in &trial.logs {
        // A run that covers the last call covers those before it.
        let last = history.calls.iter().rev().find(|call| call.who == log.who);
        let Some(last) = last.filter(|last| history.killed(last.who).is_none()) else { continue };
        if covering.first_end(last.at) == Nanos::MAX {
            breaches.push(Breach::NotCovered { who: last.who, call: last.number });
        }
    }
}

/// The runs that cover the calls before them.
pub(super) struct Covering {
    /// When each began, and the earliest end among it and all that began later. In the order of time.
    starts: Vec<(Nanos, Nanos)>,
}

impl Covering {
    pub(super) fn of(runs: &[Run]) -> Self {
        let mut starts: Vec<_> = runs
            .iter()
            .filter(|run| run.covers())
            .filter_map(|run| run.ended.map(|ended| (run.started, ended)))
            .collect();
        starts.sort_unstable();
        let mut first_end = Nanos::MAX;
        for (_, ended) in starts.iter_mut().rev() {
            first_end = first_end.min(*ended);
            *ended = first_end;
        }
        Self { starts }
    }

    /// The earliest time at which a call was covered that was about to be made at `at`; the end of time if it
    /// never was.
    pub(super) fn first_end(&self, at: Nanos) -> Nanos {
        let after = self.starts.partition_point(|(started, _)| *started <= at);
        self.starts.get(after).map_or(Nanos::MAX, |(_, ended)| *ended)
    }
}
