//! What is to come, in plain numbers: whether a run is due and when, which failure of a row it would be, and how runs
//! have ended.

use super::op::{How, Policy, SECOND};
use super::wrong::Wrong;
use atomic_throttle::WaitError;
use std::time::Duration;

/// How a call's run has ended, as its ticket is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    Succeeded,
    /// The error of this failure in a row.
    Failed(u32),
    Panicked,
    Cancelled,
    NotYet,
}

impl Told {
    pub fn of(waited: Result<(), WaitError>) -> Self {
        match waited {
            Ok(()) => Self::Succeeded,
            Err(WaitError::Failed(failure)) => Self::Failed(failure.attempt()),
            Err(WaitError::Panicked) => Self::Panicked,
            Err(WaitError::Cancelled) => Self::Cancelled,
            Err(WaitError::TimedOut) => Self::NotYet,
            Err(other) => panic!("a ticket is told that {other}"),
        }
    }
}

/// The most failures that are remembered, as the documentation of `WaitError::Forgotten` says.
const REMEMBERED: usize = 16;

pub struct Agenda {
    pub wrong: Option<Wrong>,
    pub policy: Option<Policy>,
    /// The time, as the driver has moved it.
    pub now: Duration,
    /// Whether a run is pending.
    pub asked: bool,
    /// How many runs have started.
    pub runs: usize,
    /// The stamp of the latest one.
    stamp: Duration,
    pub is_running: bool,
    /// The end of a back-off.
    pub retry_at: Option<Duration>,
    /// How many runs in a row have failed, and are tried again.
    pub failures: u32,
    /// The runs after which no other one is tried for their calls, and what these are told.
    settled: Vec<(usize, Told)>,
}

impl Agenda {
    pub fn new(wrong: Option<Wrong>, policy: Option<Policy>, now: Duration) -> Self {
        let (asked, runs, stamp, is_running) = (false, 0, Duration::ZERO, false);
        let (retry_at, failures, settled) = (None, 0, Vec::new());
        Self { wrong, policy, now, asked, runs, stamp, is_running, retry_at, failures, settled }
    }

    fn window_end(&self) -> Duration {
        if self.runs == 0 { Duration::ZERO } else { self.stamp + SECOND }
    }

    /// When the pending run is due. `None` if none is pending.
    pub fn due(&self) -> Option<Duration> {
        let window_end = match self.retry_at {
            Some(_) if self.wrong == Some(Wrong::BackOffForgetsTheWindow) => Duration::ZERO,
            _ => self.window_end(),
        };
        self.asked.then(|| window_end.max(self.retry_at.unwrap_or_default()))
    }

    /// Whether a run starts now without a flush.
    pub fn starts(&self) -> bool {
        !self.is_running && self.due().is_some_and(|due| due <= self.now)
    }

    pub fn call(&mut self) {
        self.asked = true;
        if self.wrong == Some(Wrong::CallEndsTheBackOff) {
            self.retry_at = None;
        }
    }

    /// Gives up the pending run.
    pub fn cancel(&mut self) {
        self.asked = false;
        self.retry_at = None;
        if self.wrong != Some(Wrong::CancelKeepsTheRow) {
            self.failures = 0;
        }
    }

    pub fn start(&mut self) {
        self.runs += 1;
        // No two stamps are the same.
        self.stamp = self.now.max(self.stamp + Duration::from_nanos(1));
        (self.asked, self.is_running, self.retry_at) = (false, true, None);
    }

    /// Whether a run that fails now is tried again: `None` if it is given up.
    pub fn back_off(&self, policy: Policy) -> Option<Duration> {
        let late = u32::from(self.wrong == Some(Wrong::GivenUpTooLate));
        (self.failures < policy.at_most.saturating_add(late)).then_some(policy.back_off)
    }

    /// The run in progress is tried again, so its calls stay uncovered.
    pub fn retry(&mut self, back_off: Duration, how: How) {
        if self.wrong == Some(Wrong::TryIsTold) {
            self.settled.push((self.runs, self.told(how)));
        }
        self.failures += 1;
        (self.asked, self.retry_at) = (true, Some(self.now + back_off));
    }

    /// The run in progress decides what its calls are told.
    pub fn settle(&mut self, how: How) {
        let told = self.told(how);
        self.settled.push((self.runs, told));
        if how != How::Returns || self.wrong != Some(Wrong::SuccessKeepsTheRow) {
            self.failures = 0;
        }
    }

    fn told(&self, how: How) -> Told {
        match how {
            How::Returns => Told::Succeeded,
            How::Fails => Told::Failed(self.failures + 1),
            How::Panics => Told::Panicked,
        }
    }

    /// What a call is told that was made after so many runs.
    pub fn tells(&self, after: usize) -> Told {
        let mut covering = self.settled.iter().filter(|&&(run, _)| run > after);
        let decides =
            if self.wrong == Some(Wrong::LaterRunDecides) { covering.next_back() } else { covering.next() };
        match decides {
            Some(&(_, told)) => told,
            None if self.asked || self.is_running && self.runs > after => Told::NotYet,
            None => Told::Cancelled,
        }
    }

    /// Whether so many runs have failed since that a call of then may be told that this is forgotten.
    pub fn may_be_forgotten(&self, after: usize) -> bool {
        let failed = |&&(run, told): &&(usize, Told)| run > after && told != Told::Succeeded;
        self.settled.iter().filter(failed).count() > REMEMBERED
    }
}
