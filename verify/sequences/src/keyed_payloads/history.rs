//! How the runs of one key have ended, and what the calls that they covered are told. Nothing is ever forgotten here.

use super::wrong::Wrong;
use atomic_throttle::WaitError;

/// What a ticket is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    Succeeded,
    /// The error of this failure in a row.
    Failed(u32),
    Panicked,
    Cancelled,
    Owed,
    Forgotten,
    NotYet,
}

impl Told {
    pub fn of(waited: Result<(), WaitError>) -> Self {
        match waited {
            Ok(()) => Self::Succeeded,
            Err(WaitError::Failed(failure)) => Self::Failed(failure.attempt()),
            Err(WaitError::Panicked) => Self::Panicked,
            Err(WaitError::Cancelled) => Self::Cancelled,
            Err(WaitError::Owed) => Self::Owed,
            Err(WaitError::Forgotten) => Self::Forgotten,
            Err(WaitError::TimedOut) => Self::NotYet,
            Err(other) => panic!("a ticket is told that {other}"),
        }
    }
}

/// Whether a run is to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    Nothing,
    Pending,
    /// Its task is gone.
    Owed,
}

#[derive(Clone, Debug, Default)]
pub struct History {
    wrong: Option<Wrong>,
    /// How many runs have started.
    pub runs: usize,
    /// The start of the latest one.
    pub latest_start: Option<u64>,
    /// The runs after which no other one is tried for their calls, and what these are told.
    settled: Vec<(usize, Told)>,
    /// How many runs had started when the key was evicted the last time.
    pub evicted_after: Option<usize>,
}

impl History {
    pub fn new(wrong: Option<Wrong>) -> Self {
        Self { wrong, ..Self::default() }
    }

    /// The latest run decides what its calls are told.
    pub fn settle(&mut self, told: Told) {
        self.settled.push((self.runs, told));
    }

    /// What a call is told that was made after so many runs.
    pub fn tells(&self, after: usize, is_running: bool, promise: Promise) -> Told {
        let mut covering = self.settled.iter().filter(|&&(run, _)| run > after);
        let is_last = self.wrong == Some(Wrong::LaterRunDecides);
        let decides = if is_last { covering.next_back() } else { covering.next() };
        match (decides, promise) {
            (Some(&(_, told)), _) => told,
            (None, _) if is_running && self.runs > after => Told::NotYet,
            (None, Promise::Pending) => Told::NotYet,
            (None, Promise::Owed) if self.wrong != Some(Wrong::OwedIsCancelled) => Told::Owed,
            _ if self.wrong == Some(Wrong::EvictedIsCovered) && self.evicted_after.is_some() => {
                Told::Succeeded
            }
            _ => Told::Cancelled,
        }
    }
}
