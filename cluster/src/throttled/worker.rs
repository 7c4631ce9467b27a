//! The thread: it takes the calls, looks at the register, and performs the runs when it is this process's
//! turn.

use super::retry::Retry;
use super::run::Run;
use super::shared::Shared;
use crate::course::{Act, Course, Move, Pace, Plan, Taken};
use crate::register::{Reading, RegisterError, Swap};
use crate::sync;
use atomic_throttle::{Epoch, Timestamp};
use core::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Called when the register does not answer.
pub(super) type OnError = Box<dyn FnMut(&RegisterError) + Send>;
/// Called after a panic of the function.
pub(super) type OnPanic = Box<dyn FnMut(Epoch, &(dyn Any + Send)) + Send>;

pub(super) struct Worker<F> {
    pub(super) shared: Arc<Shared>,
    pub(super) course: Course,
    pub(super) pace: Pace,
    pub(super) f: F,
    pub(super) on_error: Option<OnError>,
    pub(super) on_panic: Option<OnPanic>,
    /// Calls that were taken, and after which the register has not answered yet.
    pub(super) taken: Option<Taken>,
    /// Present while the register does not answer.
    pub(super) retry: Option<Retry>,
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
            self.taken = self.shared.take().or(self.taken);
            let is_owed = self.taken.is_some() || self.course.is_owed();
            if self.shared.closes() {
                return;
            }
            if !is_owed {
                sync::park();
                continue;
            }
            let asked = sync::now();
            let woken = match self.shared.register.read() {
                Ok(reading) => self.look(reading, asked),
                Err(error) => self.back_off(&error),
            };
            if woken == Woken::End && self.shared.closes() {
                return;
            }
        }
    }

    /// Does what the course says about `reading`; the register was asked for it at `asked`.
    fn look(&mut self, reading: Reading, asked: Timestamp) -> Woken {
        let (mut now, mut asked, mut local) = (reading.now, asked, sync::now());
        let mut act = self.course.look(reading, local, self.taken.take());
        loop {
            if !matches!(act, Act::Swap(_)) {
                self.answered();
            }
            self.tell();
            let step = match act {
                Act::Rest => return Woken::Look,
                Act::Wait(wait) => {
                    let plan = self.pace.plan(wait, local, &mut sync::rng());
                    return self.sleep(plan);
                }
                Act::Perform(epoch) => return self.perform(epoch, now, asked),
                // If a run were won now, it would not begin.
                Act::Swap(_) if self.shared.is_over() => return Woken::End,
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
                Err(error) => return self.back_off(&error),
            }
        }
    }

    fn swap(&self, step: Move) -> Result<Swap, RegisterError> {
        self.shared.register.compare_and_swap(step.old, step.new, step.mark(&self.course))
    }

    /// Performs the run of `epoch`. The time of the register was `now` at some moment after `asked`.
    fn perform(&mut self, epoch: Epoch, now: Timestamp, asked: Timestamp) -> Woken {
        if !self.shared.begins_a_run() {
            // The run counts as if this process had died: others supersede it when its lease is over.
            return Woken::End;
        }
        // Calls made before this point are covered too, and need no further run.
        if let Some(taken) = self.shared.take() {
            self.course.cover(taken);
        }
        let left = self.course.lease_left(epoch, now, asked);
        let run = Run { shared: &self.shared, epoch, lease_end: asked.saturating_add(left) };
        let f = &mut self.f;
        // A panic may leave the state of the function broken. That is up to the function: it is called again,
        // as in any thread pool.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| f(&run))) {
            self.shared.caught_a_panic();
            if let Some(on_panic) = &mut self.on_panic {
                without_panic(|| on_panic(epoch, payload.as_ref()));
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
        let guess = Reading { cell: self.course.cell(), now: Timestamp::ZERO, mark: None };
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
                    if self.back_off(&error) == Woken::End {
                        return;
                    }
                    self.shared.register.read()
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
        self.retry = None;
        self.shared.answered();
    }

    fn tell(&self) {
        let covered = self.course.covered().unwrap_or(0);
        self.shared.heard(self.course.cell(), covered);
    }

    /// The register does not answer. What is owed stays owed, and the register is asked again after longer
    /// and longer delays.
    fn back_off(&mut self, error: &RegisterError) -> Woken {
        self.shared.failed(error.clone());
        if let Some(on_error) = &mut self.on_error {
            without_panic(|| on_error(error));
        }
        let delay = self.retry.get_or_insert_with(|| Retry::new(&mut sync::rng())).next_delay();
        self.sleep(Plan { at: Some(sync::now().saturating_add(delay)), take_at: None })
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

/// Calls foreign code; a panic of it ends here. The panic hook has already reported it.
fn without_panic(f: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(f)) {
        discard(payload);
    }
}

/// Drops the payload of a panic; that drop may panic itself.
fn discard(payload: Box<dyn Any + Send>) {
    if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        core::mem::forget(another);
    }
}

#[cfg(all(test, not(atomic_throttle_shuttle)))]
mod tests {
    use super::*;
    use crate::register::{Mark, Memory};
    use crate::throttled::shared::Keeper;
    use atomic_throttle::Threshold;
    use atomic_throttle::lease::{Lease, Policy};
    use core::time::Duration;

    /// A call that the end has taken, too, must end the sleep early. Otherwise it would be taken only after
    /// the next run had begun; it would then need another run, and the end may have no time for that.
    #[test]
    fn a_call_that_the_end_has_taken_is_looked_at_early() {
        let shared = Arc::new(Shared::new(Arc::new(Memory::new())));
        shared.set_thread(sync::current_thread());
        let policy = Policy::new(Threshold::ZERO).with_lease(Lease::from_nanos(1));
        let worker = Worker {
            shared: Arc::clone(&shared),
            course: Course::new(policy, Mark::random(), sync::now()),
            pace: Pace::new(Threshold::ZERO),
            f: |_: &Run<'_>| (),
            on_error: None,
            on_panic: None,
            taken: None,
            retry: None,
        };
        let early = Plan { at: None, take_at: Some(Timestamp::ZERO) };
        assert!(!shared.is_called());
        shared.request().unwrap();
        assert!(worker.sleep(early) == Woken::Look);
        let keeper = Keeper::new(Arc::clone(&shared), Duration::ZERO);
        // Long enough to be different from the end of the sleep.
        keeper.end(Duration::from_secs(20)).unwrap();
        assert!(worker.sleep(early) == Woken::Look);
        assert!(shared.take().is_some() && !shared.is_called());
        shared.request_again().unwrap();
        assert!(shared.is_called() && shared.request().is_err() && shared.gate.coalesce().is_none());
        assert!(worker.sleep(early) == Woken::Look);
    }
}
