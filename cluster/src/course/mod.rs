//! [`Course`]: what one process does about its calls at a register. Pure: it is given what stands there and
//! what time it is, and says what to do next.
//!
//! # The rule
//!
//! A process *takes* the calls that were made in it, then reads the register. A run of a greater epoch than
//! the one that it reads starts after those calls. They are covered when such a run has **finished**; until
//! then the process is owed one, and looks again: a run that was cut short by the death of its process, or
//! superseded after its lease, covers nobody.
//!
//! * Nothing pending, window over: it starts the run itself.
//! * Nothing pending, window not over: it makes a run pending, and owns it: it looks when the window is over.
//! * A run is pending: it watches. It looks somewhat later than the owner, and starts the run if nobody has.
//! * A run that covers its calls is in progress: it looks until that has finished, or its lease is over.
//!
//! So a call is lost only with every process that made one.

mod pace;
mod seen;

pub use self::pace::{Pace, Plan};

use self::seen::Seen;
use crate::cell::Cell;
use crate::register::{Mark, Reading};
use atomic_throttle::lease::Policy;
use atomic_throttle::state::{Arrive, Finish};
use atomic_throttle::{Epoch, Timestamp};
use core::time::Duration;

/// What one process knows of a register, and is owed there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Course {
    policy: Policy,
    mark: Mark,
    seen: Seen,
    /// Oldest first, each of a greater epoch than the one before.
    owed: Vec<Owed>,
    /// The latest calls that are covered.
    covered: Option<Taken>,
    /// The epoch of the deferral that this process made.
    deferred_in: Option<Epoch>,
    /// The latest run that this process performed.
    performed: Epoch,
    /// Calls that the run which is performed covers if it is the one that finishes: another one, which has superseded
    /// it, may have started before them.
    covering: Option<Taken>,
}

/// Names calls that were taken together, in the order in which they were.
pub type Taken = u64;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Owed {
    taken: Taken,
    /// A run of a greater epoch starts after the calls.
    after: Epoch,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "whoever is told to perform a run holds it until it is finished"]
pub enum Act {
    /// Nothing: nothing is owed.
    Rest,
    /// Compare and swap.
    Swap(Move),
    /// Perform the run of this epoch, which is in progress; then finish it.
    Perform(Epoch),
    /// Look again.
    Wait(Wait),
}

/// A compare-and-swap to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// What must stand there.
    pub old: Cell,
    /// What is to stand there then.
    pub new: Cell,
    /// Whether this starts a run: then with the [mark](Course::mark) of the process.
    pub starts: bool,
}

impl Move {
    /// The mark that goes with it. A move that starts nothing but puts back what a register has forgotten takes
    /// nobody's: it must not be taken for the start of that run.
    #[must_use]
    pub fn mark(self, course: &Course) -> Mark {
        if self.starts { course.mark } else { Mark::NOBODY }
    }
}

/// When to look again, on the clock of the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// What the clock reads.
    pub now: Timestamp,
    /// What for.
    pub until: Until,
}

/// What a process waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Its own deferral is due: it looks at once then.
    Due(Timestamp),
    /// The deferral of another process is due: it looks somewhat later.
    Overdue(Timestamp),
    /// The run in progress has finished, which nobody tells: it looks from time to time, and at the latest when
    /// the lease of the run is over.
    Finished {
        /// The end of the lease.
        lease_end: Timestamp,
    },
}

impl Course {
    /// Knows nothing, is owed nothing.
    ///
    /// `mark` names the process, and `local` is a reading of its own clock, which counts time evenly.
    #[must_use]
    pub fn new(policy: Policy, mark: Mark, local: Timestamp) -> Self {
        Self {
            policy,
            mark,
            seen: Seen::nothing(local),
            owed: Vec::new(),
            covered: None,
            deferred_in: None,
            performed: Epoch::NEVER_RAN,
            covering: None,
        }
    }

    /// Looks at the register. `taken` are calls that were taken before it was read, `local` is a reading of the
    /// own clock from after its answer: from before, the time on the way would count as time since the start of
    /// a run that is only then seen.
    pub fn look(&mut self, reading: Reading, local: Timestamp, taken: Option<Taken>) -> Act {
        let (cell, now) = self.seen.take_in(reading, local);
        if let Some(taken) = taken {
            self.owe(taken, cell.epoch());
        }
        self.settle();
        if self.is_mine(reading, cell, now) {
            return self.perform(cell.epoch());
        }
        let Some(latest) = self.owed.last() else { return Act::Rest };
        let state = cell.state();
        let lease_end = self.lease_end(cell);
        if state.is_running() && cell.epoch() > latest.after && now < lease_end {
            return Act::Wait(Wait { now, until: Until::Finished { lease_end } });
        }
        let (new, outcome) = cell.arrive(now, self.policy);
        // Also where nothing is to be changed but the register has forgotten.
        if outcome != Arrive::Coalesced || new != reading.cell {
            return Act::Swap(Move { old: reading.cell, new, starts: outcome == Arrive::Run });
        }
        Act::Wait(self.wait(cell, now))
    }

    /// The move was done: `now` is what the register answered, `local` is as for [`look`](Self::look). It is the one
    /// that was asked for last: whoever has looked again has given it up.
    pub fn moved(&mut self, done: Move, now: Timestamp, local: Timestamp) -> Act {
        let before = self.seen.cell();
        self.seen.note(done.new, local);
        if done.starts {
            return self.perform(done.new.epoch());
        }
        if done.new.is_pending() && !before.is_pending() {
            self.deferred_in = Some(done.new.epoch());
        }
        // The clock may have gone back between the two: the wait would be as long as that.
        Act::Wait(self.wait(done.new, self.seen.time(now, local)))
    }

    /// Calls that were taken after the run was won that is to be performed, and before its function began: it covers
    /// them if it finishes. What was won may have been superseded since, by a run that started before them.
    pub fn cover(&mut self, taken: Taken) {
        self.covering = Some(taken);
    }

    /// The run of `epoch` has come to its end: what is to be moved for it, if it is not superseded.
    ///
    /// If the register has forgotten its start meanwhile, it ends, but does not count as finished.
    #[must_use]
    pub fn finish(&mut self, epoch: Epoch, reading: Reading, local: Timestamp) -> Option<Move> {
        let (cell, _) = self.seen.take_in(reading, local);
        self.settle();
        let (new, outcome) = cell.finish(epoch);
        if outcome == Finish::Finished {
            return Some(Move { old: reading.cell, new, starts: false });
        }
        self.ended(epoch);
        None
    }

    /// The move that [`finish`](Self::finish) asked for was done.
    pub fn finished(&mut self, done: Move, local: Timestamp) {
        self.seen.note(done.new, local);
        self.settle();
        self.ended(done.new.epoch());
    }

    /// The latest calls that are covered, with all that were taken before them.
    #[must_use]
    pub fn covered(&self) -> Option<Taken> {
        self.covered
    }

    /// Whether calls are still owed a run.
    #[must_use]
    pub fn is_owed(&self) -> bool {
        !self.owed.is_empty() || self.covering.is_some()
    }

    /// The furthest cell that was seen.
    #[must_use]
    pub fn cell(&self) -> Cell {
        self.seen.cell()
    }

    /// What is left of the lease of the run of `epoch`, where the register said `now` after the own clock had read
    /// `local`. Without a lease it is without end.
    #[must_use]
    pub fn lease_left(&self, epoch: Epoch, now: Timestamp, local: Timestamp) -> Duration {
        let Some(lease) = self.policy.lease else { return Duration::MAX };
        // A clock that has gone back would say that there is more.
        epoch.lease_end(lease).saturating_since(self.seen.time(now, local)).min(lease.as_duration())
    }

    /// By what this process decides.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// By what this process recognizes a run that it started.
    #[must_use]
    pub fn mark(&self) -> Mark {
        self.mark
    }

    /// Nothing is to be moved any more for the run of `epoch`.
    fn ended(&mut self, epoch: Epoch) {
        let Some(taken) = self.covering.take() else { return };
        let cell = self.seen.cell();
        if cell.finished() == epoch {
            self.cover_until(Some(taken));
        } else {
            self.owe(taken, cell.epoch());
        }
    }

    fn owe(&mut self, taken: Taken, after: Epoch) {
        match self.owed.last_mut() {
            Some(latest) if latest.after >= after => latest.taken = latest.taken.max(taken),
            _ => self.owed.push(Owed { taken, after }),
        }
    }

    fn settle(&mut self) {
        let cell = self.seen.cell();
        // A run that has finished was there once: what says otherwise was put there by nobody who follows a course.
        let finished = if cell.finished() > cell.epoch() { Epoch::NEVER_RAN } else { cell.finished() };
        let covered = self.owed.iter().take_while(|owed| finished > owed.after).count();
        self.cover_until(self.owed[..covered].iter().map(|owed| owed.taken).max());
    }

    /// And all that were taken before.
    fn cover_until(&mut self, taken: Option<Taken>) {
        let covered = self.covered.max(taken);
        self.covered = covered;
        self.owed.retain(|owed| Some(owed.taken) > covered);
        self.covering = self.covering.filter(|taken| Some(*taken) > covered);
    }

    /// Whether the run in progress was started by this process, which was not told.
    fn is_mine(&self, reading: Reading, cell: Cell, now: Timestamp) -> bool {
        reading.mark == Some(self.mark)
            && reading.cell.epoch() == cell.epoch()
            && cell.epoch() > self.performed
            && cell.state().is_running()
            && now < self.lease_end(cell)
    }

    fn perform(&mut self, epoch: Epoch) -> Act {
        self.performed = epoch;
        self.deferred_in = None;
        Act::Perform(epoch)
    }

    fn wait(&self, cell: Cell, now: Timestamp) -> Wait {
        let due = cell.state().window_end(self.policy.threshold);
        let until = if cell.state().is_running() && now >= due {
            Until::Finished { lease_end: self.lease_end(cell) }
        } else if self.deferred_in == Some(cell.epoch()) {
            Until::Due(due)
        } else {
            Until::Overdue(due)
        };
        Wait { now, until }
    }

    /// `NEVER` without a lease.
    fn lease_end(&self, cell: Cell) -> Timestamp {
        self.policy.lease.map_or(Timestamp::NEVER, |lease| cell.state().lease_end(lease))
    }
}
