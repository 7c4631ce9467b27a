//! [`Process`]: one process with the real `Course` and the real `Pace`, and a model of the worker around
//! them.

use crate::server::{Answer, duration, timestamp};
use atomic_throttle::lease::Policy;
use atomic_throttle::{Epoch, Timestamp};
use atomic_throttle_cluster::course::{Act, Course, Move, Pace, Taken};
use atomic_throttle_cluster::register::{Mark, Reading, Swap};
use core::time::Duration;
use rand::Rng;
use std::collections::VecDeque;

#[derive(Debug)]
pub struct Process {
    course: Course,
    pace: Pace,
    doing: Doing,
    /// The times of the calls that are not taken yet.
    gate: Vec<Duration>,
    /// The calls that were taken and are not covered yet.
    taken: VecDeque<(Taken, Vec<Duration>)>,
    takes: Taken,
    /// Counts each time a sleep is planned or ends. A sleep that was planned before does not wake the
    /// process.
    pub sleeps: u64,
}

#[derive(Clone, Copy, Debug)]
enum Doing {
    Parked,
    Sleeping { take_at: Option<Duration> },
    Reading { taken: Option<Taken> },
    Swapping(Move),
    Performing(Epoch),
    Finishing(Epoch, Move),
}

/// A command.
#[derive(Clone, Copy, Debug)]
pub enum Asks {
    Read,
    Swap(Move, Mark),
}

/// What a process does next.
#[derive(Clone, Copy, Debug)]
pub enum Next {
    /// Nothing, until a call is made.
    Park,
    Sleep(Option<Duration>),
    Ask(Asks),
    /// Perform the run of this epoch.
    Perform(Epoch),
}

impl Process {
    pub fn new(policy: Policy, number: u64) -> Self {
        Self {
            course: Course::new(policy, Mark::from_u64(number + 1), timestamp(Duration::ZERO)),
            pace: Pace::new(policy.threshold),
            doing: Doing::Parked,
            gate: Vec::new(),
            taken: VecDeque::new(),
            takes: 0,
            sleeps: 0,
        }
    }

    /// A call is made at `now`. `Some` if the process must be woken for it, with the time of that.
    pub fn call(&mut self, now: Duration) -> Option<Duration> {
        self.gate.push(now);
        match self.doing {
            Doing::Parked => Some(now),
            Doing::Sleeping { take_at } => take_at.filter(|_| self.gate.len() == 1).map(|at| at.max(now)),
            _ => None,
        }
    }

    /// The time of the oldest call that is not covered yet.
    pub fn oldest_call(&self) -> Option<Duration> {
        let taken = self.taken.front().and_then(|(_, made)| made.first());
        taken.or(self.gate.first()).copied()
    }

    /// It is woken, or has nothing more to do: it takes its calls, and reads the register.
    pub fn wake(&mut self) -> Next {
        self.sleeps += 1;
        let taken = self.take();
        if taken.is_none() && !self.course.is_owed() {
            self.doing = Doing::Parked;
            return Next::Park;
        }
        self.doing = Doing::Reading { taken };
        Next::Ask(Asks::Read)
    }

    /// The answer arrives. The calls that are covered now are added to `covered`.
    pub fn answer(
        &mut self,
        answer: Answer,
        now: Duration,
        rng: &mut impl Rng,
        covered: &mut Vec<Duration>,
    ) -> Next {
        let local = timestamp(now);
        let act = match (self.doing, answer) {
            (Doing::Reading { taken }, Answer::Read(reading)) => self.course.look(reading, local, taken),
            (Doing::Swapping(step), Answer::Swapped(Swap::Done(at))) => self.course.moved(step, at, local),
            (Doing::Swapping(_), Answer::Swapped(Swap::Differs(reading))) => {
                self.course.look(reading, local, None)
            }
            (Doing::Finishing(_, step), Answer::Swapped(Swap::Done(_))) => {
                self.course.finished(step, local);
                self.tell(covered);
                return self.wake();
            }
            (Doing::Finishing(epoch, _), Answer::Swapped(Swap::Differs(reading))) => {
                return self.finish(epoch, reading, local, covered);
            }
            (doing, answer) => unreachable!("{answer:?} while {doing:?}"),
        };
        self.tell(covered);
        match act {
            Act::Rest => self.wake(),
            Act::Swap(step) => {
                self.doing = Doing::Swapping(step);
                Next::Ask(Asks::Swap(step, step.mark(&self.course)))
            }
            Act::Perform(epoch) => {
                if let Some(taken) = self.take() {
                    self.course.cover(taken);
                }
                self.doing = Doing::Performing(epoch);
                Next::Perform(epoch)
            }
            Act::Wait(wait) => {
                let plan = self.pace.plan(wait, local, rng);
                let (at, take_at) = (plan.at.map(duration), plan.take_at.map(duration));
                let wakes_for_calls = take_at.filter(|_| !self.gate.is_empty());
                self.sleeps += 1;
                self.doing = Doing::Sleeping { take_at };
                Next::Sleep(at.into_iter().chain(wakes_for_calls).min())
            }
        }
    }

    /// Its function has ended. As a rule nothing has moved since, so the register is not read first.
    pub fn ended(&mut self, now: Duration, covered: &mut Vec<Duration>) -> Next {
        let Doing::Performing(epoch) = self.doing else { unreachable!("only a run that is performed ends") };
        let assumed = Reading { cell: self.course.cell(), now: Timestamp::ZERO, mark: None };
        self.finish(epoch, assumed, timestamp(now), covered)
    }

    fn finish(
        &mut self,
        epoch: Epoch,
        reading: Reading,
        local: Timestamp,
        covered: &mut Vec<Duration>,
    ) -> Next {
        let step = self.course.finish(epoch, reading, local);
        self.tell(covered);
        let Some(step) = step else { return self.wake() };
        self.doing = Doing::Finishing(epoch, step);
        Next::Ask(Asks::Swap(step, step.mark(&self.course)))
    }

    fn take(&mut self) -> Option<Taken> {
        if self.gate.is_empty() {
            return None;
        }
        self.takes += 1;
        self.taken.push_back((self.takes, core::mem::take(&mut self.gate)));
        Some(self.takes)
    }

    fn tell(&mut self, covered: &mut Vec<Duration>) {
        let latest = self.course.covered();
        let count = self.taken.iter().take_while(|(name, _)| Some(*name) <= latest).count();
        covered.extend(self.taken.drain(..count).flat_map(|(_, made)| made));
    }
}
