//! [`Course`]: what one process does about its calls at a register. It is pure: its arguments are what the
//! register holds and what time it is, and its result is what to do next.
//!
//! ```
//! use atomic_throttle::lease::{Lease, Policy};
//! use atomic_throttle::{Threshold, Timestamp};
//! use atomic_throttle_cluster::Cell;
//! use atomic_throttle_cluster::course::{Act, Course};
//! use atomic_throttle_cluster::register::{Mark, Reading};
//!
//! let policy = Policy::new(Threshold::from_nanos(10)).with_lease(Lease::from_nanos(30));
//! let mut course = Course::new(policy, Mark::from_u64(1), Timestamp::ZERO);
//!
//! // Call number 1 was taken, and nobody has used the register yet: the process is to start a run.
//! let reading = Reading { cell: Cell::NEW, now: Timestamp::from_nanos(5), mark: None };
//! let Act::Swap(start) = course.look(reading, Timestamp::from_nanos(1), Some(1)) else { panic!() };
//! assert!(start.starts);
//! ```
//!
//! # The rule
//!
//! A process *takes* the calls that were made in it, then reads the register. A run of a greater epoch than
//! the one that it reads starts after those calls. They are covered when such a run has **finished**. Until
//! then the process is owed a run, and looks again: a run covers no calls if its process died before its end,
//! or if it was superseded after its lease.
//!
//! * No run is pending, and the window is over: the process starts the run itself.
//! * No run is pending, and the window is not over: it makes a run pending, owns it, and looks when the
//!   window is over.
//! * A run is pending: it watches. It looks somewhat later than the owner, and starts the run if nobody has.
//! * A run that covers its calls is in progress: it looks until that run has finished, or its lease is over.
//!
//! A process that is owed nothing looks, too, from time to time. If a pending run is overdue, or if the latest
//! run has not finished and its lease is over, the process starts a run in place of those that have died.
//!
//! So a call is lost only if it has not reached the register, and its process dies.

mod pace;
mod seen;

pub use self::pace::{Pace, Plan};

use self::seen::Seen;
use crate::cell::Cell;
use crate::register::{Mark, Reading};
use atomic_throttle::lease::{Lease, Policy};
use atomic_throttle::state::{Arrive, Finish};
use atomic_throttle::{Epoch, Timestamp};
use core::time::Duration;

/// What one process knows about a register, and which runs it is owed there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Course {
    policy: Policy,
    mark: Mark,
    seen: Seen,
    /// Oldest first; each has a greater epoch than the one before.
    owed: Vec<Owed>,
    /// The latest calls that are covered.
    covered: Option<Taken>,
    /// The epoch of the deferral that this process made.
    deferred_in: Option<Epoch>,
    /// The latest run that this process performed.
    performed: Epoch,
    /// Calls that the current run covers if it is the run that finishes. A run that has superseded it may
    /// have started before them.
    covering: Option<Taken>,
}

/// A number for calls that were taken together. It grows in the order of taking.
pub type Taken = u64;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Owed {
    taken: Taken,
    /// A run of a greater epoch starts after the calls.
    after: Epoch,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a run to be performed stays in progress until it is finished"]
pub enum Act {
    /// Do nothing: nothing is owed.
    Rest,
    /// Compare and swap.
    Swap(Move),
    /// Perform the run of this epoch, which is in progress, and then finish it.
    Perform(Epoch),
    /// Look again.
    Wait(Wait),
}

/// A compare-and-swap to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// The cell that the register must hold.
    pub old: Cell,
    /// The cell that replaces it.
    pub new: Cell,
    /// Whether this starts a run. A start carries the [mark](Course::mark) of the process.
    pub starts: bool,
}

impl Move {
    /// The mark that goes with it. A move that starts nothing carries the mark of nobody. It may put back an
    /// epoch that the register has forgotten, and must not be taken for the start of that run.
    #[must_use]
    pub fn mark(self, course: &Course) -> Mark {
        if self.starts { course.mark } else { Mark::NOBODY }
    }
}

/// When to look again, on the clock of the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// The time on that clock.
    pub now: Timestamp,
    /// What the process waits for.
    pub until: Until,
}

/// What a process waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Its own deferral is due: it looks at that moment.
    Due(Timestamp),
    /// The deferral of another process is due: it looks somewhat after that.
    Overdue(Timestamp),
    /// The run in progress has finished. Nobody announces that, so the process looks from time to time, and
    /// at the latest when the lease of the run is over.
    Finished {
        /// The end of the lease.
        lease_end: Timestamp,
    },
}

impl Course {
    /// A course that knows nothing and is owed nothing.
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

    /// Decides by a reading of the register. `taken` are calls that were taken before it was read. `local` is
    /// a reading of the own clock from after the answer: with a reading from before, the time on the way
    /// would count as time since the start of a run that is seen only then.
    pub fn look(&mut self, reading: Reading, local: Timestamp, taken: Option<Taken>) -> Act {
        let (cell, now) = self.take_in(reading, local);
        if let Some(taken) = taken {
            self.owe(taken, cell.epoch());
        }
        self.settle();
        if self.is_mine(reading, cell, now) {
            return self.perform(cell.epoch());
        }
        let lease_end = self.lease_end(cell);
        let Some(latest) = self.owed.last() else { return self.look_for_others(reading.cell, cell, now) };
        if cell.state().is_running() && cell.epoch() > latest.after && now < lease_end {
            return Act::Wait(Wait { now, until: Until::Finished { lease_end } });
        }
        let (new, outcome) = cell.arrive(now, self.policy);
        // Swap even if the state does not change: the register may have forgotten it.
        if outcome != Arrive::Coalesced || new != reading.cell {
            return Act::Swap(Move { old: reading.cell, new, starts: outcome == Arrive::Run });
        }
        Act::Wait(self.wait(cell, now))
    }

    /// Decides for calls of other processes, which may have died: nothing is owed here.
    fn look_for_others(&self, held: Cell, cell: Cell, now: Timestamp) -> Act {
        if !cell.is_open() {
            return Act::Rest;
        }
        let (new, outcome) = cell.arrive(now, self.policy);
        if outcome == Arrive::Run {
            return Act::Swap(Move { old: held, new, starts: true });
        }
        let due = cell.state().window_end(self.policy.threshold);
        let free = if cell.state().is_running() { self.lease_end(cell) } else { Timestamp::ZERO };
        Act::Wait(Wait { now, until: Until::Overdue(due.max(free)) })
    }

    /// The move was done. `now` is what the register answered, and `local` is as for [`look`](Self::look). It
    /// must be the move that was returned last: a further look gives it up.
    pub fn moved(&mut self, done: Move, now: Timestamp, local: Timestamp) -> Act {
        let before = self.seen.cell();
        self.seen.note(done.new, local);
        if done.starts {
            return self.perform(done.new.epoch());
        }
        if done.new.is_pending() && !before.is_pending() {
            self.deferred_in = Some(done.new.epoch());
        }
        // The clock may have gone back in between; the wait would be longer by that much.
        Act::Wait(self.wait(done.new, self.seen.time(now, local)))
    }

    /// Notes calls that were taken after the run to be performed was won, and before its function began. The
    /// run covers them if it finishes. It may have been superseded since, by a run that started before these
    /// calls.
    pub fn cover(&mut self, taken: Taken) {
        self.covering = Some(taken);
    }

    /// The function of the run of `epoch` has ended. Returns the move that finishes the run, unless it was
    /// superseded.
    ///
    /// If the register has forgotten its start meanwhile, the run ends but does not count as finished.
    #[must_use]
    pub fn finish(&mut self, epoch: Epoch, reading: Reading, local: Timestamp) -> Option<Move> {
        let (cell, _) = self.take_in(reading, local);
        self.settle();
        let (new, outcome) = cell.finish(epoch);
        if outcome == Finish::Finished {
            return Some(Move { old: reading.cell, new, starts: false });
        }
        self.ended(epoch);
        None
    }

    /// The move that [`finish`](Self::finish) returned was done.
    pub fn finished(&mut self, done: Move, local: Timestamp) {
        self.seen.note(done.new, local);
        self.settle();
        self.ended(done.new.epoch());
    }

    /// The latest calls that are covered. All that were taken before them are covered too.
    #[must_use]
    pub fn covered(&self) -> Option<Taken> {
        self.covered
    }

    /// Whether calls are still owed a run.
    #[must_use]
    pub fn is_owed(&self) -> bool {
        !self.owed.is_empty() || self.covering.is_some()
    }

    /// The furthest cell that this process has seen.
    #[must_use]
    pub fn cell(&self) -> Cell {
        self.seen.cell()
    }

    /// The time that is left of the lease of the run of `epoch`, if the register answered `now` after the own
    /// clock had read `local`. Without a lease it is endless.
    #[must_use]
    pub fn lease_left(&self, epoch: Epoch, now: Timestamp, local: Timestamp) -> Duration {
        let Some(lease) = self.policy.lease else { return Duration::MAX };
        // By a clock that has gone back, there would be more.
        epoch.lease_end(lease).saturating_since(self.seen.time(now, local)).min(lease.as_duration())
    }

    /// The policy by which this process decides.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// The mark by which this process recognizes a run that it started.
    #[must_use]
    pub fn mark(&self) -> Mark {
        self.mark
    }

    /// Whether the latest run of this reading starts in the far future of the register's own clock: more than
    /// an hour ahead. Runs go on, a threshold apart, but somebody should look at that clock.
    #[must_use]
    pub fn is_far_ahead(reading: Reading) -> bool {
        seen::is_far_ahead(reading.cell.epoch(), reading.now)
    }

    /// Whether such a run, in addition, blocks the register for ever: its window or its lease would end after
    /// the range of the clock. A reading that is blocked must not be looked at.
    #[must_use]
    pub fn is_blocked(&self, reading: Reading) -> bool {
        let (start, Policy { threshold, lease, .. }) = (reading.cell.epoch().started_at(), self.policy);
        let longest = threshold.as_duration().max(lease.map_or(Duration::ZERO, Lease::as_duration));
        Self::is_far_ahead(reading) && start.saturating_add(longest) >= Timestamp::MAX
    }

    fn take_in(&mut self, reading: Reading, local: Timestamp) -> (Cell, Timestamp) {
        if self.seen.forget_the_future(reading, local) {
            // Epochs are counted from here on again.
            let epoch = reading.cell.epoch();
            self.owed.iter_mut().for_each(|owed| owed.after = owed.after.min(epoch));
            self.performed = self.performed.min(epoch);
            self.deferred_in = None;
        }
        self.seen.take_in(reading, local)
    }

    /// The run of `epoch` needs no further move.
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
        // A run that has finished once was the latest. A cell that says otherwise was written by no process
        // that follows a course.
        let finished = if cell.finished() > cell.epoch() { Epoch::NEVER_RAN } else { cell.finished() };
        let covered = self.owed.iter().take_while(|owed| finished > owed.after).count();
        self.cover_until(self.owed[..covered].iter().map(|owed| owed.taken).max());
    }

    /// Marks these calls as covered, and all that were taken before.
    fn cover_until(&mut self, taken: Option<Taken>) {
        let covered = self.covered.max(taken);
        self.covered = covered;
        self.owed.retain(|owed| Some(owed.taken) > covered);
        self.covering = self.covering.filter(|taken| Some(*taken) > covered);
    }

    /// Whether this process started the run in progress without getting an answer.
    fn is_mine(&self, reading: Reading, cell: Cell, now: Timestamp) -> bool {
        reading.mark.is_some_and(|mark| mark.as_u64() == self.mark.as_u64())
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
