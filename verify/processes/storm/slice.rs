//! The part of a storm that is drawn: the part with the most to see.

use super::story::{Fate, Story};
use ::processes::judge::Trial;
use ::processes::log::Nanos;
use std::collections::HashSet;

/// From one moment to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    pub from: Nanos,
    pub until: Nanos,
}

impl Slice {
    /// The slice to draw.
    pub fn of(trial: &Trial, story: &Story) -> Self {
        let records = || trial.logs.iter().flat_map(|log| &log.records).map(|record| record.at);
        let whole = Self { from: records().min().unwrap_or(0), until: records().max().unwrap_or(1) };
        let windows = trial.threshold.saturating_mul(12);
        // Long enough to show what happens to the run of a process that dies or is stopped.
        let lease = trial.lease.saturating_mul(3) / 2;
        let faults = if trial.facts.is_empty() { 0 } else { lease.saturating_add(windows / 2) };
        let length = windows.max(faults).min(whole.until - whole.from).max(1);
        let sights = sights(story);
        let last = whole.until - length;
        let slice = |from: Nanos| {
            let from = from.clamp(whole.from, last.max(whole.from));
            Self { from, until: from + length }
        };
        // Each sight is at a sixth of the slice, so that its consequences are seen.
        let from = sights.iter().map(|sight| slice(sight.from.saturating_sub(length / 6)));
        let all: Vec<Self> = std::iter::once(slice(whole.from)).chain(from).collect();
        // The first of the best.
        all.into_iter().rev().max_by_key(|slice| slice.interest(&sights)).unwrap_or(whole)
    }

    /// How many kinds of sights it shows, and then how many runs that finished.
    fn interest(self, sights: &[Sight]) -> (usize, usize) {
        let shown = || sights.iter().filter(|sight| self.from <= sight.from && sight.until < self.until);
        let kinds: HashSet<Kind> = shown().map(|sight| sight.kind).collect();
        (kinds.len(), shown().filter(|sight| sight.kind == Kind::Run(Fate::Finished)).count())
    }
}

/// Something to see.
struct Sight {
    from: Nanos,
    until: Nanos,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Run(Fate),
    Takeover,
    Death,
    DeathOfTheOwner,
    Stop,
}

fn sights(story: &Story) -> Vec<Sight> {
    let runs =
        story.runs.iter().map(|run| Sight { from: run.started, until: run.until, kind: Kind::Run(run.fate) });
    let at = |moment, kind| Sight { from: moment, until: moment, kind };
    let takeovers = story.runs.iter().filter(|run| run.is_from_the_dead);
    let takeovers = takeovers.map(|run| at(run.started, Kind::Takeover));
    let lives = story.seats.iter().flat_map(|seat| &seat.lives);
    let deaths = lives.filter_map(|life| {
        let kind = if life.died_as_owner { Kind::DeathOfTheOwner } else { Kind::Death };
        Some(at(life.killed?, kind))
    });
    let stops = story.seats.iter().flat_map(|seat| &seat.stops);
    let stops = stops.map(|&(from, until)| Sight { from, until, kind: Kind::Stop });
    runs.chain(takeovers).chain(deaths).chain(stops).collect()
}
