//! A word, a time, and threads that hold guards: everything in concrete numbers.
//!
//! What becomes of a guard is said here as `gate` does it: `Run` makes a run, `Defer` and `Requested` make
//! a deferral of the word's epoch, and firing keeps it only on `Busy` and `Early`. Under a lease there is no
//! gate: an owner looks again, as the processes of a cluster do. It lets go if a run has started since, and
//! arrives if not: `Run` makes it the runner, `Coalesced` leaves it the owner. A dropped guard is an
//! `Abandon` or a `Finish`. A logical thread holds at most one guard; a thread that holds two counts as
//! two. A call whose clock reading or threshold is stale by the time it decides is one between two moves
//! of the clock or the threshold, back and forth.

use crate::act::Act;
use crate::lease;
use crate::promises::{self, Taken};
use crate::transitions::{Cause, Event, NEVER, Told, Transitions, policy};
use crate::violation::Violation;
use crate::window;
use crate::word::{Deferred, Word};
use atomic_throttle::State;
use atomic_throttle::lease::Policy;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Thread {
    Idle,
    Runs { epoch: u64 },
    Owns { epoch: u64, sleep: Sleep },
}

/// How the owner of a deferral waits. It may fire, or look, whenever it likes, but surely does so only when
/// awake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sleep {
    Awake,
    /// Told `Early`, or not to run under a lease: until the clock reads this, or it is woken.
    Until(u64),
    /// Told `Busy`, or with no end: until it is woken.
    UntilWoken,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct System {
    pub word: u64,
    pub threshold: u64,
    /// If there is a lease, threads die.
    pub lease: Option<u64>,
    pub now: u64,
    /// The threads are sorted: which thread is which does not matter.
    pub threads: Vec<Thread>,
    /// Ghost: some call was promised a run that has not started.
    pub uncovered: bool,
    /// Ghost: the stamp of the latest start, kept without the word.
    pub started: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Coalesce,
    Arrive,
    ArriveBy {
        latest: u64,
    },
    Request,
    Owe,
    TryStart,
    Cancel,
    Flush,
    Fire {
        thread: usize,
    },
    /// Under a lease, in place of firing.
    Look {
        thread: usize,
    },
    Abandon {
        thread: usize,
    },
    Finish {
        thread: usize,
    },
    Clock {
        to: u64,
    },
    SetThreshold {
        to: u64,
    },
    /// The deciding threads need not agree on it.
    SetLease {
        to: u64,
    },
    /// The thread vanishes. Its guard is not dropped; a thread that takes its place knows nothing of it.
    Die {
        thread: usize,
    },
}

impl System {
    /// Never ran, nothing pending, no guard.
    #[must_use]
    pub fn new(threads: usize, threshold: u64, lease: Option<u64>) -> Self {
        Self {
            word: State::NEW.to_word(),
            threshold,
            lease,
            now: 0,
            threads: vec![Thread::Idle; threads],
            uncovered: false,
            started: 0,
        }
    }

    #[must_use]
    pub fn state(&self) -> State {
        State::from_word(self.word)
    }

    #[must_use]
    pub fn last(&self) -> u64 {
        self.state().epoch().as_u64()
    }

    #[must_use]
    pub fn policy(&self) -> Policy {
        policy(self.threshold, self.lease)
    }

    #[must_use]
    pub fn abstract_word(&self) -> Word {
        Word::of(self.state(), self.policy(), self.now)
    }

    /// Whether that thread owns the deferral of the word's epoch.
    #[must_use]
    pub fn is_owner(&self, thread: usize) -> bool {
        matches!(self.threads[thread], Thread::Owns { epoch, .. } if epoch == self.last())
    }

    #[must_use]
    pub fn is_awake(&self, thread: usize) -> bool {
        matches!(self.threads[thread], Thread::Owns { sleep: Sleep::Awake, .. })
    }

    /// Everything that can be done, with these moves of the surroundings.
    #[must_use]
    pub fn operations(&self, surroundings: &[Operation]) -> Vec<Operation> {
        use Operation as Op;
        let mut operations = vec![Op::Coalesce, Op::Arrive, Op::Request, Op::Owe];
        operations.extend([Op::Cancel, Op::Flush]);
        let is_a_gate = self.lease.is_none();
        if is_a_gate {
            let due = window::end(self.last(), self.threshold);
            operations.push(Op::TryStart);
            operations.extend([0, due.saturating_sub(1), due, NEVER].map(|latest| Op::ArriveBy { latest }));
        }
        for (thread, holds) in self.threads.iter().enumerate() {
            match holds {
                Thread::Idle => {}
                Thread::Runs { .. } => operations.push(Op::Finish { thread }),
                Thread::Owns { .. } => {
                    let asks = if is_a_gate { Op::Fire { thread } } else { Op::Look { thread } };
                    operations.extend([asks, Op::Abandon { thread }]);
                }
            }
        }
        if !is_a_gate {
            let living = (0..self.threads.len()).filter(|thread| self.threads[*thread] != Thread::Idle);
            operations.extend(living.map(|thread| Op::Die { thread }));
        }
        operations.extend_from_slice(surroundings);
        operations
    }

    /// What `operation` is here, without its numbers.
    #[must_use]
    pub fn act(&self, operation: Operation) -> Act {
        match (operation, self.event(operation)) {
            (Operation::Look { thread }, _) => Act::Look { current: self.is_owner(thread) },
            (_, Some(event)) => Act::of(event, self.state(), self.policy()),
            (Operation::Coalesce, None) => Act::Coalesce,
            (Operation::Die { thread }, None) => Act::Die {
                runs: matches!(self.threads[thread], Thread::Runs { .. }),
                current: self.held(thread) == Some(self.last()),
            },
            (_, None) => Act::Surroundings,
        }
    }

    /// Performs `operation`; `None` if it gives a guard and no thread is free to hold it.
    ///
    /// # Errors
    ///
    /// If the transition breaks a promise.
    pub fn perform(
        &self,
        transitions: &Transitions,
        operation: Operation,
    ) -> Result<Option<(Self, Told)>, Violation> {
        let mut next = self.clone();
        let told = match (operation, self.event(operation)) {
            (_, Some(event)) => {
                let (before, policy) = (self.state(), self.policy());
                let (after, told) = (transitions.step)(before, policy, event);
                promises::check(&Taken { before, policy, event, told, after })?;
                next.word = after.to_word();
                if next.settle(transitions, operation, told, Deferred::of(before)).is_none() {
                    return Ok(None);
                }
                told
            }
            (Operation::Clock { to }, None) => {
                next.now = to;
                Told::Nothing
            }
            (Operation::SetThreshold { to }, None) => {
                next.threshold = to;
                next.wake(transitions, Cause::ThresholdChanged);
                Told::Nothing
            }
            (Operation::SetLease { to }, None) => {
                next.lease = Some(to);
                Told::Nothing
            }
            (Operation::Die { thread }, None) => {
                next.threads[thread] = Thread::Idle;
                Told::Nothing
            }
            (Operation::Look { thread }, None) => {
                next.threads[thread] = Thread::Idle;
                Told::Gone
            }
            _ if (transitions.coalesces)(self.state()) => {
                promises::check_coalesced(self.state())?;
                next.uncovered = true;
                Told::Coalesced
            }
            _ => Told::No,
        };
        next.tidy();
        Ok(Some((next, told)))
    }

    /// The event that `operation` is for the word, if it is one.
    #[must_use]
    pub fn event(&self, operation: Operation) -> Option<Event> {
        let now = self.now;
        let event = match operation {
            Operation::Arrive => Event::Arrive { now },
            Operation::ArriveBy { latest } => Event::ArriveBy { now, latest },
            Operation::Request => Event::Request,
            Operation::Owe => Event::Owe,
            Operation::TryStart => Event::TryStart { now },
            Operation::Cancel => Event::Cancel,
            Operation::Flush => Event::Flush { now },
            Operation::Fire { thread } => Event::Fire { epoch: self.held(thread)?, now },
            Operation::Look { thread } if self.is_owner(thread) => Event::Arrive { now },
            Operation::Abandon { thread } => Event::Abandon { epoch: self.held(thread)? },
            Operation::Finish { thread } => Event::Finish { epoch: self.held(thread)? },
            Operation::Coalesce
            | Operation::Look { .. }
            | Operation::Clock { .. }
            | Operation::SetThreshold { .. }
            | Operation::SetLease { .. }
            | Operation::Die { .. } => return None,
        };
        Some(event)
    }

    /// The epoch of the guard that the thread holds.
    fn held(&self, thread: usize) -> Option<u64> {
        match self.threads[thread] {
            Thread::Idle => None,
            Thread::Runs { epoch } | Thread::Owns { epoch, .. } => Some(epoch),
        }
    }

    /// Hands the guards on and keeps the ghosts, as the answer says.
    fn settle(
        &mut self,
        transitions: &Transitions,
        operation: Operation,
        told: Told,
        before: Deferred,
    ) -> Option<()> {
        let epoch = self.last();
        let holder = match operation {
            Operation::Fire { thread }
            | Operation::Look { thread }
            | Operation::Abandon { thread }
            | Operation::Finish { thread } => Some(thread),
            _ => None,
        };
        match (told, holder) {
            (Told::Run, _) => {
                let runner = holder.or_else(|| self.idle())?;
                self.threads[runner] = Thread::Runs { epoch };
                self.started = self.now.max(self.started + 1);
                self.uncovered = false;
                if holder.is_none() && before.has_owner() {
                    self.wake(transitions, Cause::OwnerReleased);
                }
            }
            (Told::Defer(_) | Told::Requested, _) => {
                let owner = self.idle()?;
                self.threads[owner] = Thread::Owns { epoch, sleep: Sleep::Awake };
                self.uncovered = true;
            }
            (Told::Coalesced | Told::Owed, None) => self.uncovered = true,
            (Told::Coalesced, Some(owner)) => {
                self.uncovered = true;
                self.sleep_until(owner, self.next_look(transitions));
            }
            (Told::Yes, _) => {
                self.uncovered = false;
                self.wake(transitions, Cause::DeferralCancelled);
            }
            (Told::Finished, Some(thread)) => {
                self.threads[thread] = Thread::Idle;
                self.wake(transitions, Cause::RunFinished);
            }
            (Told::Busy, Some(thread)) => self.sleep_until(thread, NEVER),
            (Told::Early(due), Some(thread)) => self.sleep_until(thread, due),
            (_, Some(thread)) => self.threads[thread] = Thread::Idle,
            (_, None) => {}
        }
        Some(())
    }

    /// When an owner that is not to run now looks again, under a lease.
    fn next_look(&self, transitions: &Transitions) -> u64 {
        let due = window::end(self.last(), self.threshold);
        if self.state().is_running() && self.now >= due {
            lease::end(self.last(), self.lease.filter(|_| transitions.looks_at_lease_end))
        } else {
            due
        }
    }

    fn idle(&self) -> Option<usize> {
        self.threads.iter().position(|thread| *thread == Thread::Idle)
    }

    fn sleep(&mut self, thread: usize, until: Sleep) {
        if let Thread::Owns { sleep, .. } = &mut self.threads[thread] {
            *sleep = until;
        }
    }

    fn sleep_until(&mut self, thread: usize, time: u64) {
        self.sleep(thread, if time == NEVER { Sleep::UntilWoken } else { Sleep::Until(time) });
    }

    fn wake(&mut self, transitions: &Transitions, cause: Cause) {
        if (transitions.wakes)(cause) {
            (0..self.threads.len()).for_each(|thread| self.sleep(thread, Sleep::Awake));
        }
    }

    /// Wakes those whose time has come, and sorts the threads.
    pub fn tidy(&mut self) {
        let now = self.now;
        for thread in &mut self.threads {
            match thread {
                Thread::Owns { sleep, .. } if matches!(*sleep, Sleep::Until(due) if due <= now) => {
                    *sleep = Sleep::Awake;
                }
                _ => {}
            }
        }
        self.threads.sort_unstable();
    }
}
