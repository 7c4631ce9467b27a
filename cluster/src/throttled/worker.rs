//! The thread: it takes the calls, looks at the register, and performs the runs when it is this process's
//! turn.

#[cfg(all(test, not(atomic_throttle_shuttle)))]
mod tests;

use super::foreign::{discard, without_panic};
use super::progress::Progress;
use super::retry::{Retry, next_try};
use super::run::Run;
use super::shared::Shared;
use super::trouble::Trouble;
use crate::course::{Act, Course, Move, Pace, Plan, Wait};
use crate::register::{Mark, Reading, RegisterError, RegisterErrorKind, Swap};
use crate::sync;
use atomic_throttle::{Epoch, Panic, Timestamp};
use core::time::Duration;
use rand::RngExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Called when a person should know of something.
pub(super) type OnError = Box<dyn FnMut(&Trouble) + Send>;
/// Called after a panic of the function.
pub(super) type OnPanic = Box<dyn FnMut(&Panic<'_>) + Send>;

pub(super) struct Worker<F> {
    pub(super) shared: Arc<Shared>,
    pub(super) course: Course,
    pub(super) pace: Pace,
    pub(super) f: F,
    pub(super) on_error: Option<OnError>,
    pub(super) on_panic: Option<OnPanic>,
    /// The mean time between two looks while nothing is owed here. `None`: no such looks.
    pub(super) idle_look: Option<Duration>,
    pub(super) state: Progress,
}

/// What to do after a sleep.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Woken {
    Look,
    End,
}

impl<F: FnMut(&Run<'_>)> Worker<F> {
    /// What the thread does, from its start to its end.
    pub(super) fn work(mut self) {
        let shared = Arc::clone(&self.shared);
        // If a register breaks its promise and panics, callers must not wait for a thread that is gone.
        without_panic(|| self.serve());
        shared.closed();
        let Self { f, on_error, on_panic, .. } = self;
        // Drop the captured values before announcing the end, because waiters may rely on that. One at a
        // time: a second panic while unwinding would abort.
        without_panic(|| drop(f));
        without_panic(|| drop(on_error));
        without_panic(|| drop(on_panic));
        shared.ended();
    }

    fn serve(&mut self) {
        loop {
            self.state.taken = self.shared.take().or(self.state.taken);
            if self.shared.closes() {
                return;
            }
            let left = self.state.idle_until.saturating_since(sync::now());
            if !self.is_owed() && !left.is_zero() {
                if self.state.idle_until == Timestamp::NEVER {
                    sync::park();
                } else {
                    sync::park_timeout(left);
                }
                continue;
            }
            self.shared.begins_a_try();
            let asked = sync::now();
            let woken = match self.read() {
                Ok(reading) => self.look(reading, asked),
                Err(error) if self.is_owed() => self.back_off(error),
                Err(error) => {
                    self.failed(error);
                    self.rest_from(asked);
                    Woken::Look
                }
            };
            if woken == Woken::End && self.shared.closes() {
                return;
            }
        }
    }

    /// Whether there is something to look at for this process.
    fn is_owed(&self) -> bool {
        self.state.taken.is_some() || self.state.is_in_doubt || self.course.is_owed()
    }

    /// Does what the course says about `reading`; the register was asked for it at `asked`.
    fn look(&mut self, reading: Reading, asked: Timestamp) -> Woken {
        let (mut now, mut asked, mut local) = (reading.now, asked, sync::now());
        let mut act = self.course.look(reading, local, self.state.taken.take());
        let is_first = core::mem::take(&mut self.state.is_first_look);
        self.state.is_in_doubt = false;
        self.rest_from(local);
        loop {
            if !matches!(act, Act::Swap(_)) {
                self.answered();
            }
            self.tell();
            let step = match act {
                Act::Rest => return Woken::Look,
                Act::Wait(wait) => return self.wait(wait, local, is_first),
                Act::Perform(epoch) => return self.perform(epoch, now, asked),
                // If a run were won now, it would not begin.
                Act::Swap(_) if self.shared.is_over() => return Woken::End,
                Act::Swap(step) if step.starts && local < self.state.apart_until => {
                    return self.sleep(Plan { at: Some(self.state.apart_until), take_at: None });
                }
                Act::Swap(step) => step,
            };
            asked = sync::now();
            let swap = self.swap(step);
            local = sync::now();
            match swap {
                Ok(Swap::Done(at)) => {
                    now = at;
                    act = self.course.moved(step, at, local);
                }
                Ok(Swap::Differs(reading)) => {
                    now = reading.now;
                    act = self.course.look(reading, local, None);
                }
                Err(error) => {
                    self.state.is_in_doubt = step.starts;
                    return self.back_off(error);
                }
            }
        }
    }

    /// Nothing is owed for some time, unless a call comes.
    fn rest_from(&mut self, local: Timestamp) {
        self.state.idle_until = match self.idle_look {
            // At random, so that a thousand processes do not look at once.
            Some(mean) => local.saturating_add(mean.mul_f64(0.5 + sync::rng().random::<f64>())),
            // Also where it looked once more for others: it would ask again and again.
            None => Timestamp::NEVER,
        };
    }

    fn wait(&mut self, wait: Wait, local: Timestamp, is_first: bool) -> Woken {
        let plan = self.pace.plan(wait, local, &mut sync::rng());
        if self.course.is_owed() {
            return self.sleep(plan);
        }
        // Calls of others are pending, and their owner is most likely alive. A process that has just begun
        // may come after one that died, so it looks once more when they are overdue.
        if let Some(at) = plan.at.filter(|_| is_first) {
            self.state.idle_until = at.min(self.state.idle_until);
        }
        Woken::Look
    }

    fn read(&mut self) -> Result<Reading, RegisterError> {
        let reading = self.shared.register.read()?;
        self.examine(reading)
    }

    fn swap(&mut self, step: Move) -> Result<Swap, RegisterError> {
        match self.shared.register.compare_and_swap(step.old, step.new, step.mark(&self.course))? {
            Swap::Differs(reading) => self.examine(reading).map(Swap::Differs),
            Swap::Done(now) => Ok(Swap::Done(now)),
        }
    }

    /// Notices what other processes do otherwise than this one, and what no clock should show.
    fn examine(&mut self, reading: Reading) -> Result<Reading, RegisterError> {
        // The latest run before this process began may be one of its own, from before a change of its options.
        let first = *self.state.first_epoch.get_or_insert(reading.cell.epoch());
        let terms = reading.mark.and_then(Mark::terms).zip(self.course.mark().terms());
        if let Some((theirs, ours)) = terms.filter(|_| reading.cell.epoch() > first) {
            if theirs.differs_from(ours) {
                self.shared.disagrees(theirs);
            }
            let trouble = self.state.troubles.met(theirs, ours);
            self.report(trouble);
        }
        self.state.is_far_ahead = Course::is_far_ahead(reading);
        if self.course.is_blocked(reading) { Err(self.far_ahead()) } else { Ok(reading) }
    }

    fn far_ahead(&self) -> RegisterError {
        RegisterError::new(RegisterErrorKind::Ahead, &self.shared.register.describe().into())
    }

    /// Performs the run of `epoch`. The time of the register was `now` at some moment after `asked`.
    fn perform(&mut self, epoch: Epoch, now: Timestamp, asked: Timestamp) -> Woken {
        let lease_end = asked.saturating_add(self.course.lease_left(epoch, now, asked));
        let begins = sync::now();
        if begins >= lease_end {
            // The answer came too late: others may have superseded the run. It counts like the run of a
            // process that died, and this process looks again like all others.
            (self.state.is_in_doubt, self.state.is_first_look) = (true, true);
            return Woken::Look;
        }
        if !self.shared.begins_a_run() {
            // The run counts as if this process had died: others supersede it when its lease is over.
            return Woken::End;
        }
        self.state.apart_until = begins.saturating_add(self.course.policy().threshold.as_duration());
        // Calls made before this point are covered too, and need no further run.
        if let Some(taken) = self.shared.take() {
            self.course.cover(taken);
        }
        let run = Run { shared: &self.shared, epoch, lease_end };
        let f = &mut self.f;
        // A panic may leave the state of the function broken. That is up to the function: it is called again,
        // as in any thread pool.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| f(&run))) {
            self.shared.caught_a_panic();
            if let Some(on_panic) = &mut self.on_panic {
                without_panic(|| on_panic(&Panic::new(epoch, &*payload)));
            }
            discard(payload);
        }
        self.finish(epoch);
        Woken::Look
    }

    /// Goes on until the register knows that the run has finished, or until the run was superseded.
    fn finish(&mut self, epoch: Epoch) {
        // As a rule nothing has moved since the start, or only a call of another process has: no need to read
        // first.
        let guess = Reading { cell: self.course.cell(), now: epoch.started_at(), mark: None };
        let mut reading = Ok(guess);
        loop {
            reading = match reading {
                Ok(known) => {
                    let Some(step) = self.course.finish(epoch, known, sync::now()) else { break };
                    match self.swap(step) {
                        Ok(Swap::Done(_)) => {
                            self.course.finished(step, sync::now());
                            break;
                        }
                        Ok(Swap::Differs(reading)) => Ok(reading),
                        Err(error) => Err(error),
                    }
                }
                Err(error) => {
                    if self.back_off(error) == Woken::End {
                        return;
                    }
                    self.shared.begins_a_try();
                    self.read()
                }
            };
        }
        if self.course.cell().finished() != epoch {
            self.shared.was_superseded();
        }
        self.answered();
        self.tell();
    }

    /// The register has answered everything that it was asked. A read alone does not show that it works: a
    /// replica, or a server that is full, answers reads as ever and accepts no swap.
    fn answered(&mut self) {
        self.state.retry = None;
        if self.state.is_far_ahead {
            self.failed(self.far_ahead());
            return;
        }
        self.shared.answered();
        let trouble = self.state.troubles.answered(sync::now());
        self.report(trouble);
    }

    fn tell(&self) {
        let covered = self.course.covered().unwrap_or(0);
        self.shared.heard(self.course.cell(), covered);
    }

    fn failed(&mut self, error: RegisterError) {
        let trouble = self.state.troubles.failed(&error, sync::now());
        self.shared.failed(error);
        self.report(trouble);
    }

    fn report(&mut self, trouble: Option<Trouble>) {
        if let (Some(on_error), Some(trouble)) = (&mut self.on_error, trouble) {
            without_panic(|| on_error(&trouble));
        }
    }

    /// The register does not answer. What is owed stays owed, and the register is asked again after longer
    /// and longer delays; at once if somebody asks for it, but not again and again.
    fn back_off(&mut self, error: RegisterError) -> Woken {
        let failed_at = sync::now();
        self.failed(error);
        let retry = self.state.retry.get_or_insert_with(|| Retry::new(&mut sync::rng()));
        let planned = failed_at.saturating_add(retry.next_delay());
        loop {
            let now = sync::now();
            let ends_at = self.shared.ends_at();
            if ends_at.is_some_and(|end| now >= end) {
                return Woken::End;
            }
            let next = next_try(failed_at, planned, self.shared.is_asked_for_a_try(), ends_at);
            if now >= next {
                return Woken::Look;
            }
            let until = ends_at.map_or(next, |end| next.min(end));
            sync::park_timeout(until.saturating_since(now));
        }
    }

    fn sleep(&self, plan: Plan) -> Woken {
        loop {
            let now = sync::now();
            let ends_at = self.shared.ends_at();
            if ends_at.is_some_and(|at| now >= at) {
                return Woken::End;
            }
            if plan.at.is_some_and(|at| now >= at) {
                return Woken::Look;
            }
            let take_at = plan.take_at.filter(|_| self.shared.is_called());
            if take_at.is_some_and(|at| now >= at) {
                return Woken::Look;
            }
            match [plan.at, take_at, ends_at].into_iter().flatten().min() {
                Some(next) => sync::park_timeout(next.saturating_since(now)),
                None => sync::park(),
            }
        }
    }
}
