//! [`Process`]: one process with the real `Course`, and its position between two steps.

use crate::register::{Held, Origin};
use crate::setting::{Rule, Setting};
use atomic_throttle::state::Arrive;
use atomic_throttle::{Epoch, Timestamp};
use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::course::{Act, Course, Move};
use atomic_throttle_cluster::register::{Mark, Reading};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Process {
    pub course: Course,
    /// How often it has taken calls. This number names the latest that it took.
    pub takes: u64,
    /// The latest of them that has reached the register: there a run is pending, or in progress, that starts
    /// after these calls.
    pub reached: u64,
    pub phase: Phase,
    /// The epoch of the deferral that it made; for [`Rule::NobodyTakesOver`] alone.
    pub deferred_in: Option<Epoch>,
    /// The calls that it took before the function of the run of that epoch began; for
    /// [`Rule::AnyFinishCovers`] alone.
    pub covering: Option<(u64, Epoch)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    Dead,
    Idle,
    /// The register was read; the answer is on its way.
    Answered {
        held: Held,
        now: Timestamp,
        read_at: u64,
        /// Whether calls were taken before the reading.
        taken: bool,
    },
    Swapping {
        old: Cell,
        new: Cell,
        starts: bool,
        read_at: u64,
    },
    /// A start was done; the answer is on its way.
    Won {
        old: Cell,
        new: Cell,
        now: Timestamp,
        origin: Origin,
    },
    /// The answer has come in time; the function has not begun.
    Cleared {
        epoch: Epoch,
        origin: Origin,
    },
    /// The function is in progress.
    Performing(Run),
    /// The function has ended; the run has not finished.
    Ended(Run),
    Finishing {
        run: Run,
        old: Cell,
        new: Cell,
    },
}

/// A run as it really is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Run {
    pub epoch: Epoch,
    /// The calls that were made before its function began, one bit each.
    pub covers: u8,
    /// The calls among them that were taken by then.
    pub knows: u8,
    pub origin: Origin,
    /// Whether the first of two steps is done; for [`Rule::FinishedInSecondStep`] alone.
    pub is_half_finished: bool,
}

impl Process {
    pub fn new(setting: &Setting, number: usize) -> Self {
        let mark = Mark::from_u64(number as u64 + 1);
        Self {
            course: Course::new(setting.policy(), mark, local(0)),
            takes: 0,
            reached: 0,
            phase: Phase::Idle,
            deferred_in: None,
            covering: None,
        }
    }

    /// The latest of its calls that it knows to be covered.
    pub fn covered(&self) -> Option<u64> {
        let has_finished = |epoch: Epoch| self.course.cell().finished() >= epoch;
        let falsely = self.covering.and_then(|(takes, epoch)| has_finished(epoch).then_some(takes));
        self.course.covered().max(falsely)
    }

    pub fn is_alive(&self) -> bool {
        self.phase != Phase::Dead
    }

    /// Whether it is between a reading and the start that may follow from it.
    pub fn is_deciding(&self) -> bool {
        matches!(self.phase, Phase::Answered { .. } | Phase::Swapping { starts: true, .. })
    }

    /// The run whose function is being performed.
    pub fn performs(&self) -> Option<&Run> {
        match &self.phase {
            Phase::Performing(run) => Some(run),
            _ => None,
        }
    }

    /// The run that was started and has not finished.
    pub fn holds(&self) -> Option<&Run> {
        match &self.phase {
            Phase::Performing(run) | Phase::Ended(run) | Phase::Finishing { run, .. } => Some(run),
            _ => None,
        }
    }

    pub fn look(&mut self, rule: Rule, reading: Reading, local: Timestamp, taken: bool) -> Act {
        let taken = taken.then_some(self.takes);
        let had_seen = self.course.cell();
        if rule == Rule::ForgetsWithTheRegister && reading.cell.epoch() < had_seen.epoch() {
            self.course = Course::new(self.course.policy(), self.course.mark(), local);
            return self.course.look(reading, local, Some(self.takes));
        }
        let act = self.course.look(reading, local, taken);
        if rule == Rule::KnowsItsRunByTheCell {
            if let (Act::Wait(_), Phase::Swapping { new, starts: true, .. }) = (act, &self.phase) {
                if reading.cell == *new {
                    return Act::Perform(new.epoch());
                }
            }
        }
        match act {
            Act::Swap(step) => self.planted(rule, reading, had_seen, step),
            Act::Rest if rule == Rule::IdleRunsWithoutNeed => {
                let (new, outcome) = reading.cell.arrive(reading.now, self.course.policy());
                let starts = outcome == Arrive::Run;
                if starts { Act::Swap(Move { old: reading.cell, new, starts }) } else { act }
            }
            other => other,
        }
    }

    fn planted(&self, rule: Rule, reading: Reading, had_seen: Cell, step: Move) -> Act {
        let (state, later) = (step.new.state(), step.new.finished().max(had_seen.finished()));
        let (deferral, cell) = (reading.cell.is_pending(), reading.cell);
        match rule {
            Rule::CoversAtStart if step.starts => {
                Act::Swap(Move { new: Cell::new(state, state.epoch()), ..step })
            }
            Rule::PutsBackWhatHasFinished => Act::Swap(Move { new: with_finished(step.new, later), ..step }),
            Rule::PutsBackAsIfNothingWere => {
                Act::Swap(Move { new: Cell::new(state, step.new.finished()), ..step })
            }
            Rule::NobodyTakesOver if step.starts && deferral && self.deferred_in != Some(cell.epoch()) => {
                Act::Rest
            }
            Rule::IdleLooksAway if !self.course.is_owed() => Act::Rest,
            Rule::IdleTakesOnlyWhatIsPending if !self.course.is_owed() && !deferral => Act::Rest,
            Rule::LeaseFromTheLook if step.starts && cell.state().is_running() => Act::Rest,
            _ => Act::Swap(step),
        }
    }

    /// The move that finishes the run that has ended.
    pub fn finish(&mut self, rule: Rule, run: Run, reading: Reading, local: Timestamp) -> Option<Move> {
        let real = self.course.finish(run.epoch, reading, local);
        let cell = reading.cell;
        match rule {
            Rule::FinishIgnoresEpoch if cell.state().is_running() => {
                Some(Move { old: cell, new: cell.finish(cell.epoch()).0, starts: false })
            }
            Rule::FinishedInSecondStep if run.is_half_finished => {
                let new = Cell::new(cell.state(), run.epoch);
                (cell.epoch() == run.epoch).then_some(Move { old: cell, new, starts: false })
            }
            Rule::FinishedInSecondStep => {
                real.map(|step| Move { new: with_finished(step.new, cell.finished()), ..step })
            }
            Rule::ForgottenRunCovers => {
                real.map(|step| Move { new: with_finished(step.new, run.epoch), ..step })
            }
            _ => real,
        }
    }
}

/// The same cell, with another epoch as the latest that has finished.
fn with_finished(cell: Cell, finished: Epoch) -> Cell {
    let mut bytes = cell.to_bytes();
    let others = bytes[15] & 0b1110_0000;
    bytes[8..].copy_from_slice(&finished.as_u64().to_le_bytes());
    bytes[15] |= others;
    Cell::from_bytes(bytes)
}

/// The clock of every process: true time, from another origin than that of the register.
pub fn local(time: u64) -> Timestamp {
    Timestamp::from_nanos(1000 + time)
}
