//! [`Story`]: what happened to each seat, put together from the logs, for the table and the picture. It does
//! not judge.

use ::processes::judge::{ProcessLog, Trial, What};
use ::processes::log::{Event, Nanos, Who};
use std::collections::HashMap;

/// What happened in a storm.
pub struct Story {
    pub seats: Vec<SeatStory>,
    /// In the order of their epochs.
    pub runs: Vec<RunStory>,
}

/// What happened to one seat.
#[derive(Default)]
pub struct SeatStory {
    pub lives: Vec<Life>,
    /// When its process was stopped, from and until.
    pub stops: Vec<(Nanos, Nanos)>,
}

/// One process.
pub struct Life {
    pub who: Who,
    pub from: Nanos,
    /// When it was killed, if it was.
    pub killed: Option<Nanos>,
    /// Whether it owned the pending run then.
    pub died_as_owner: bool,
    pub calls: Vec<CallStory>,
    pub deferrals: Vec<DeferralStory>,
}

/// One call.
#[derive(Clone, Copy)]
pub struct CallStory {
    pub at: Nanos,
    /// The process whose run covers it.
    pub by: Option<Who>,
}

/// A run that was made pending.
#[derive(Clone, Copy)]
pub struct DeferralStory {
    pub at: Nanos,
    /// The time at which any process started the next run, or at which this process ended.
    pub until: Nanos,
}

/// One execution of the function.
#[derive(Clone, Copy)]
pub struct RunStory {
    pub who: Who,
    pub epoch: u64,
    pub started: Nanos,
    /// When it ended, or its process was killed.
    pub until: Nanos,
    pub fate: Fate,
    /// Another process had made it pending.
    pub is_takeover: bool,
    /// That process had died before the run started.
    pub is_from_the_dead: bool,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    Finished,
    /// A younger one had started before.
    Superseded,
    /// Its process died in it.
    CutShort,
}

impl Story {
    pub fn of(trial: &Trial) -> Self {
        let mut runs: Vec<RunStory> = trial.logs.iter().flat_map(|log| runs_of(trial, log)).collect();
        runs.sort_by_key(|run| (run.epoch, run.started));
        find_superseded(&mut runs);
        find_takeovers(trial, &mut runs);
        let mut finished: Vec<&RunStory> = runs.iter().filter(|run| run.fate == Fate::Finished).collect();
        finished.sort_by_key(|run| run.started);
        let seats = trial.logs.iter().map(|log| log.who.seat as usize + 1).max().unwrap_or(0);
        let mut seats: Vec<SeatStory> = (0..seats).map(|_| SeatStory::default()).collect();
        for log in &trial.logs {
            seats[log.who.seat as usize].lives.push(Life::of(trial, log, &runs, &finished));
        }
        for fact in &trial.facts {
            if let What::Stopped { who } = fact.what {
                if let Some(seat) = seats.get_mut(who.seat as usize) {
                    seat.stops.push((fact.from, fact.until));
                }
            }
        }
        Self { seats, runs }
    }

    /// The runs of a seat.
    pub fn runs_of(&self, seat: usize) -> impl Iterator<Item = &RunStory> {
        self.runs.iter().filter(move |run| run.who.seat as usize == seat)
    }
}

impl Life {
    fn of(trial: &Trial, log: &ProcessLog, runs: &[RunStory], finished: &[&RunStory]) -> Self {
        let killed = killed(trial, log.who);
        let from = log.records.first().map_or(killed.unwrap_or(0), |record| record.at);
        let until = killed.or_else(|| log.records.last().map(|record| record.at)).unwrap_or(from).max(from);
        let calls = log.records.iter().filter_map(|record| match record.event {
            Event::Calling { .. } => Some(CallStory { at: record.at, by: covering(finished, record.at) }),
            _ => None,
        });
        let deferrals: Vec<DeferralStory> =
            log.records.iter().filter_map(|record| deferral(runs, record.event, record.at, until)).collect();
        let died_as_owner = killed.is_some() && deferrals.last().is_some_and(|last| last.until == until);
        Self { who: log.who, from, killed, died_as_owner, calls: calls.collect(), deferrals }
    }
}

fn killed(trial: &Trial, who: Who) -> Option<Nanos> {
    trial.facts.iter().find(|fact| fact.what == What::Killed { who }).map(|fact| fact.from)
}

/// The runs in a log. A run without an end lasted until its process died.
fn runs_of(trial: &Trial, log: &ProcessLog) -> Vec<RunStory> {
    let last = log.records.last().map_or(0, |record| record.at);
    let death = killed(trial, log.who).map_or(last, |killed| killed.max(last));
    let mut runs: Vec<RunStory> = Vec::new();
    for record in &log.records {
        match record.event {
            Event::Started { epoch } => runs.push(RunStory {
                who: log.who,
                epoch,
                started: record.at,
                until: death,
                fate: Fate::CutShort,
                is_takeover: false,
                is_from_the_dead: false,
            }),
            Event::Ended { epoch, .. } => {
                if let Some(run) = runs.last_mut().filter(|run| run.epoch == epoch) {
                    (run.until, run.fate) = (record.at, Fate::Finished);
                }
            }
            _ => {}
        }
    }
    runs
}

fn find_superseded(runs: &mut [RunStory]) {
    let mut next = Nanos::MAX;
    for run in runs.iter_mut().rev() {
        if run.fate == Fate::Finished && next < run.until {
            run.fate = Fate::Superseded;
        }
        next = next.min(run.started);
    }
}

fn find_takeovers(trial: &Trial, runs: &mut [RunStory]) {
    let deferred = |log: &ProcessLog| {
        let who = log.who;
        let epochs = log.records.iter().filter_map(|record| match record.event {
            Event::Deferred { epoch } => Some(epoch),
            _ => None,
        });
        epochs.map(|epoch| (epoch, who)).collect::<Vec<_>>()
    };
    let owners: HashMap<u64, Who> = trial.logs.iter().flat_map(deferred).collect();
    for place in 1..runs.len() {
        let before = runs[place - 1].epoch;
        let run = &mut runs[place];
        if let Some(owner) = owners.get(&before).filter(|owner| **owner != run.who) {
            run.is_takeover = true;
            run.is_from_the_dead = killed(trial, *owner).is_some_and(|killed| killed < run.started);
        }
    }
}

/// For each call, the process of the first run after it, among those that have finished, in the order of
/// their starts.
fn covering(finished: &[&RunStory], at: Nanos) -> Option<Who> {
    finished.get(finished.partition_point(|run| run.started <= at)).map(|run| run.who)
}

fn deferral(runs: &[RunStory], event: Event, at: Nanos, end: Nanos) -> Option<DeferralStory> {
    let Event::Deferred { epoch } = event else { return None };
    let next = runs.get(runs.partition_point(|run| run.epoch <= epoch)).map(|run| run.started);
    Some(DeferralStory { at, until: next.map_or(end, |next| next.max(at)).min(end) })
}
