//! [`History`]: the runs and calls of a trial, put together from the logs of its processes.

use super::{Breach, Fact, ProcessLog, Trial, What};
use crate::log::{Event, Nanos, Who};

/// One execution of the function.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) who: Who,
    pub(super) epoch: u64,
    /// When the function began.
    pub(super) started: Nanos,
    /// When it ended; `None` if its process died before.
    pub(super) ended: Option<Nanos>,
    /// The earliest time until which it went on.
    pub(super) until: Nanos,
    /// When it asked whether it is current, what it learned, and when.
    pub(super) asked: Option<(Nanos, bool, Nanos)>,
    /// When the receiver answered its token, and whether it accepted it.
    pub(super) offered: Option<(Nanos, bool)>,
    /// Whether a younger run began before it ended.
    pub(super) superseded: bool,
}

/// A call: when it was about to be made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub(super) who: Who,
    pub(super) number: u64,
    pub(super) at: Nanos,
    /// When it was reported as covered.
    pub(super) covered: Option<Nanos>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct History {
    /// In the order of their epochs.
    pub(super) runs: Vec<Run>,
    /// In the order of time.
    pub(super) calls: Vec<Call>,
    /// Who made a run pending, in which epoch, and when.
    pub(super) deferrals: Vec<(u64, Who, Nanos)>,
    /// When the process was killed, if it was.
    pub(super) killed: Vec<(Who, Fact)>,
    pub(super) commands: u64,
    /// When the register did not answer a process.
    pub(super) failed: Vec<Nanos>,
    pub(super) timed_out: usize,
    pub(super) unanswered: usize,
}

impl History {
    pub(super) fn of(trial: &Trial) -> (Self, Vec<Breach>) {
        let mut history = Self::default();
        history.killed.extend(trial.facts.iter().filter_map(|&fact| match fact.what {
            What::Killed { who } => Some((who, fact)),
            _ => None,
        }));
        let mut breaches = Vec::new();
        for log in &trial.logs {
            history.add(log, &mut breaches);
        }
        history.runs.sort_by_key(|run| (run.epoch, run.started));
        history.calls.sort_by_key(|call| call.at);
        history.mark_superseded();
        (history, breaches)
    }

    /// When the process was killed.
    pub(super) fn killed(&self, who: Who) -> Option<Fact> {
        self.killed.iter().find(|(killed, _)| *killed == who).map(|(_, fact)| *fact)
    }

    fn add(&mut self, log: &ProcessLog, breaches: &mut Vec<Breach>) {
        let who = log.who;
        let mut reader =
            Reader { who, killed: self.killed(who), open: None, closed: None, calls: self.calls.len() };
        for (place, record) in log.records.iter().enumerate() {
            let is_last = reader.closed.is_some();
            let fits = match record.event {
                Event::Opened { .. } => place == 0,
                Event::Refused { call } => {
                    breaches.push(Breach::Refused { who, call });
                    true
                }
                event => reader.read(self, event, record.at),
            };
            if is_last || !fits {
                breaches.push(Breach::Disordered { who, at: record.at });
            }
        }
        self.runs.extend(reader.open);
        match reader.closed {
            Some(false) => breaches.push(Breach::LeftOwed { who }),
            None if reader.killed.is_none() => breaches.push(Breach::Died { who }),
            _ => {}
        }
    }

    fn mark_superseded(&mut self) {
        let mut next_start = Nanos::MAX;
        for run in self.runs.iter_mut().rev() {
            run.superseded = run.ended.is_some_and(|ended| next_start < ended);
            next_start = next_start.min(run.started);
        }
    }
}

impl Run {
    fn started(who: Who, epoch: u64, at: Nanos, until: Nanos) -> Self {
        Self { who, epoch, started: at, ended: None, until, asked: None, offered: None, superseded: false }
    }

    /// Whether it covers the calls before it, as far as its log says.
    pub(super) fn covers(&self) -> bool {
        self.ended.is_some() && !self.superseded
    }
}

/// Reads the log of one process.
struct Reader {
    who: Who,
    killed: Option<Fact>,
    /// The run that it is in.
    open: Option<Run>,
    /// Whether all was covered when it ended.
    closed: Option<bool>,
    /// How many calls of others are known.
    calls: usize,
}

impl Reader {
    /// Reads one record. Returns whether it fits those before it.
    fn read(&mut self, history: &mut History, event: Event, at: Nanos) -> bool {
        let who = self.who;
        match event {
            Event::Calling { call } => history.calls.push(Call { who, number: call, at, covered: None }),
            Event::Covered { call } => {
                // Numbered from 1, in the order in which they were made.
                let place = usize::try_from(call).ok().and_then(|call| (self.calls + call).checked_sub(1));
                let Some(of) = place.and_then(|place| history.calls.get_mut(place)) else { return false };
                of.covered = Some(of.covered.map_or(at, |told| told.min(at)));
                return of.number == call && call > 0;
            }
            Event::Started { epoch } => {
                // A process that was killed in its run went on at least until then.
                let until = self.killed.map_or(at, |fact| at.max(fact.from));
                let before = self.open.replace(Run::started(who, epoch, at, until));
                history.runs.extend(before);
                return before.is_none();
            }
            Event::Offered { epoch, accepted } => match &mut self.open {
                Some(run) if run.epoch == epoch => run.offered = Some((at, accepted)),
                _ => return false,
            },
            Event::Ended { epoch, asked, current } => match self.open.take() {
                Some(mut run) if run.epoch == epoch => {
                    (run.ended, run.until) = (Some(at), at);
                    run.asked = current.map(|current| (asked, current, at));
                    history.runs.push(run);
                }
                _ => return false,
            },
            Event::Deferred { epoch } => history.deferrals.push((epoch, who, at)),
            Event::TimedOut { unanswered, .. } => {
                history.timed_out += 1;
                history.unanswered += usize::from(unanswered);
            }
            Event::Closed { covered, commands } => {
                self.closed = Some(covered);
                history.commands += commands;
                return self.open.is_none();
            }
            Event::Failed => history.failed.push(at),
            Event::Opened { .. } | Event::Called { .. } | Event::Refused { .. } => {}
        }
        true
    }
}
