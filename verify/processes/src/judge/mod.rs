//! Decides from the logs of a trial whether the guarantees of `atomic-throttle-cluster` held.
//!
//! It knows nothing about how a register or the library works. A run is what its function has written: the
//! record of its start is the first thing in it, the record of its end the last. So two runs that overlap in
//! the logs have overlapped, and a run whose end is in the log has done its work. A record that is missing,
//! such as the last moments of a killed process, is held against no process.
//!
//! Order and stamps decide, never a duration: a machine may stop for a while between any two records.

mod breach;
mod coverage;
mod exclusion;
mod figures;
mod history;

pub use self::breach::Breach;
pub use self::figures::{Figures, SeatFigures};

use self::history::History;
use crate::log::{Nanos, Record, Who};
use serde::{Deserialize, Serialize};

/// All that is known about a trial when it is over.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The threshold of all its processes.
    pub threshold: Nanos,
    /// The lease of all its processes.
    pub lease: Nanos,
    /// The least by which the clock of the machine was ahead of the clock of the register during the whole
    /// trial, if the two ran alike.
    pub ahead: Option<i64>,
    /// What was done to the processes and to the register.
    pub facts: Vec<Fact>,
    /// What the processes have written.
    pub logs: Vec<ProcessLog>,
}

/// What one process has written.
#[derive(Clone, Debug)]
pub struct ProcessLog {
    /// Which process.
    pub who: Who,
    /// Its records, in the order in which they were written.
    pub records: Vec<Record>,
}

/// An action on the processes or the register, not before `from` and not after `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// It was not done before this time.
    pub from: Nanos,
    /// It was done by this time.
    pub until: Nanos,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// An action on a process or a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum What {
    /// The process was killed.
    Killed {
        /// Which.
        who: Who,
    },
    /// The process was stopped, and then continued.
    Stopped {
        /// Which.
        who: Who,
    },
    /// The register lost all its data.
    Forgot,
    /// The clock of the register was set forward or back.
    Stepped,
    /// The register did not answer, or its answers did not arrive.
    Away,
}

/// The findings of the judge.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Where a guarantee did not hold.
    pub breaches: Vec<Breach>,
    /// How much there was to judge, and how fast it went.
    pub figures: Figures,
}

impl Verdict {
    /// Whether all guarantees held.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.breaches.is_empty()
    }
}

/// Judges a trial.
#[must_use]
pub fn judge(trial: &Trial) -> Verdict {
    let (history, mut breaches) = History::of(trial);
    let early = exclusion::judge(trial, &history, &mut breaches);
    coverage::judge(trial, &history, &mut breaches);
    let figures = Figures::of(trial, &history, early);
    Verdict { breaches, figures }
}
