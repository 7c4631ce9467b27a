//! What the callers and the thread share: the local gate, and what they tell each other.

use super::limit::Limit;
use super::{Disagreement, Ended, Left, Status, WaitError};
use crate::cell::Cell;
use crate::course::Taken;
use crate::register::{Register, RegisterError, Terms};
use crate::sync::{self, Condvar, Mutex, MutexGuard, Thread};
use atomic_throttle::gate::Flushed;
use atomic_throttle::{Epoch, Gate, OnDrop, Threshold, Timestamp};
use core::time::Duration;
use std::process;
use std::sync::{Arc, OnceLock};

pub(super) struct Shared {
    /// Calls that were made and not taken yet. One run of this gate takes all of them, so its epoch counts
    /// how often that was done, and names the calls.
    pub(super) gate: Gate,
    pub(super) register: Arc<dyn Register>,
    told: Mutex<Told>,
    changed: Condvar,
    thread: OnceLock<Thread>,
}

/// What the callers ask of the thread, and what the thread reports.
struct Told {
    stage: Stage,
    covered: Taken,
    runs: u64,
    panics: u64,
    superseded: u64,
    cell: Cell,
    error: Option<RegisterError>,
    /// Calls that were taken when the end was asked for, so that no later call coalesces into them.
    taken: Option<Taken>,
    /// Whether somebody wants a register that does not answer to be tried at once.
    is_asked_for_a_try: bool,
    /// The latest terms that differ, and when they were seen.
    disagreement: Option<(Terms, Timestamp)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Going,
    /// Calls are no longer taken, except the one by which a run asks for another. From this time on no run
    /// begins.
    Ending(Timestamp),
    /// No more runs are performed; the thread drops what the function and the hooks hold.
    Closing,
    Ended,
}

impl Stage {
    fn ends_at(self) -> Option<Timestamp> {
        match self {
            Self::Going => None,
            Self::Ending(within) => Some(within),
            Self::Closing | Self::Ended => Some(Timestamp::ZERO),
        }
    }

    fn is_over(self) -> bool {
        self.ends_at().is_some_and(|at| sync::now() >= at)
    }
}

impl Shared {
    pub(super) fn new(register: Arc<dyn Register>) -> Self {
        Self {
            gate: Gate::new(Threshold::ZERO),
            register,
            told: Mutex::new(Told {
                stage: Stage::Going,
                covered: 0,
                runs: 0,
                panics: 0,
                superseded: 0,
                cell: Cell::NEW,
                error: None,
                taken: None,
                is_asked_for_a_try: false,
                disagreement: None,
            }),
            changed: Condvar::new(),
            thread: OnceLock::new(),
        }
    }

    /// A call that does not coalesce. It is made under the lock, so it comes either before the end or after
    /// it.
    pub(super) fn request(&self) -> Result<Epoch, Ended> {
        let mut told = self.told();
        if told.stage != Stage::Going {
            return Err(Ended);
        }
        let (_, epoch) = self.gate.request();
        told.is_asked_for_a_try = true;
        drop(told);
        self.wake();
        Ok(epoch)
    }

    /// A call made by the run in progress. It is taken even after the end was asked for, while there is time
    /// for another run.
    pub(super) fn request_again(&self) -> Result<(), Ended> {
        let mut told = self.told();
        if told.stage.is_over() {
            return Err(Ended);
        }
        if told.stage == Stage::Going {
            let _ = self.gate.request();
        } else if let Ok(run) = self.gate.try_start(Timestamp::ZERO) {
            // Taken in one step, so that no other call coalesces into it: the window of this gate is always
            // open.
            told.taken = Some(run.epoch().as_u64());
        }
        drop(told);
        self.wake();
        Ok(())
    }

    /// Takes the calls that were made. From here on, what their callers wrote is visible.
    pub(super) fn take(&self) -> Option<Taken> {
        let mut told = self.told();
        let before = told.taken.take();
        self.take_locked(&told).or(before)
    }

    /// Whether there is something to take.
    pub(super) fn is_called(&self) -> bool {
        self.gate.state().is_pending() || self.told().taken.is_some()
    }

    /// Under the lock. Otherwise an end could find the thread at this gate, and leave a call pending that
    /// nobody takes.
    fn take_locked(&self, _: &Told) -> Option<Taken> {
        match self.gate.flush(Timestamp::ZERO) {
            Flushed::Run(run) => Some(run.epoch().as_u64()),
            Flushed::Busy | Flushed::Nothing => None,
        }
    }

    /// Names the latest calls.
    pub(super) fn latest(&self) -> Taken {
        let state = self.gate.state();
        state.epoch().as_u64() + u64::from(state.is_pending())
    }

    pub(super) fn is_covered(&self, taken: Taken) -> bool {
        self.told().covered >= taken
    }

    pub(super) fn wait_for(&self, taken: Taken, limit: Duration) -> Result<(), WaitError> {
        let mut limit = Limit::new(limit);
        let mut told = self.told();
        loop {
            if told.covered >= taken {
                return Ok(());
            }
            if self.is_the_thread() {
                return Err(WaitError::InsideRun);
            }
            if matches!(told.stage, Stage::Closing | Stage::Ended) {
                return Err(WaitError::Ended);
            }
            if limit.has_passed() {
                return Err(WaitError::TimedOut { register: told.error.clone() });
            }
            told = self.await_change(told, &mut limit);
        }
    }

    /// Waits for a change, at most until the limit. If the register does not answer, asks for a try at the
    /// beginning of the wait, and for another one shortly before its end.
    fn await_change<'a>(&'a self, mut told: MutexGuard<'a, Told>, limit: &mut Limit) -> MutexGuard<'a, Told> {
        if limit.asks_for_a_try() {
            told.is_asked_for_a_try = true;
            if told.error.is_some() {
                self.wake();
            }
        }
        let left = limit.left();
        if left.is_zero() { told } else { sync::wait_for(&self.changed, told, left) }
    }

    pub(super) fn is_asked_for_a_try(&self) -> bool {
        self.told().is_asked_for_a_try
    }

    /// The thread asks the register: for everybody who has asked for a try before this.
    pub(super) fn begins_a_try(&self) {
        self.told().is_asked_for_a_try = false;
    }

    pub(super) fn status(&self) -> Status {
        let told = self.told();
        Status {
            is_owed: self.is_owed(&told),
            runs: told.runs,
            panics: told.panics,
            superseded: told.superseded,
            cell: told.cell,
            error: told.error.clone(),
            disagreement: told
                .disagreement
                .map(|(theirs, seen_at)| Disagreement { theirs, ago: sync::now().saturating_since(seen_at) }),
        }
    }

    /// By number, so that calls count as owed too if the thread has taken them and not yet asked the
    /// register.
    fn is_owed(&self, told: &Told) -> bool {
        told.covered < self.latest()
    }

    /// The register has answered the thread.
    pub(super) fn heard(&self, cell: Cell, covered: Taken) {
        let mut told = self.told();
        told.cell = cell;
        if covered > told.covered {
            told.covered = covered;
            self.changed.notify_all();
        }
    }

    /// The register does what it is asked to do.
    pub(super) fn answered(&self) {
        // Dropped outside the lock: the drop of an error's cause may run foreign code.
        let _answered = self.told().error.take();
    }

    /// The register has not answered the thread.
    pub(super) fn failed(&self, error: RegisterError) {
        let _before = self.told().error.replace(error);
        // A drop does not wait for a register that is away.
        self.changed.notify_all();
    }

    /// The latest run was started by a process that has other terms.
    pub(super) fn disagrees(&self, theirs: Terms) {
        self.told().disagreement = Some((theirs, sync::now()));
    }

    /// Counts a run, unless its time is over. Under the lock, so that no run begins after a shutdown has
    /// returned.
    pub(super) fn begins_a_run(&self) -> bool {
        let mut told = self.told();
        let begins = !told.stage.is_over();
        told.runs += u64::from(begins);
        begins
    }

    pub(super) fn caught_a_panic(&self) {
        self.told().panics += 1;
    }

    pub(super) fn was_superseded(&self) {
        self.told().superseded += 1;
    }

    /// Closes if the end was asked for, and nothing is owed any more or its limit has passed.
    pub(super) fn closes(&self) -> bool {
        let mut told = self.told();
        let Stage::Ending(within) = told.stage else { return told.stage != Stage::Going };
        if !self.is_owed(&told) || sync::now() >= within {
            self.close(&mut told);
            return true;
        }
        false
    }

    /// The thread performs no more runs, perhaps earlier than it should.
    pub(super) fn closed(&self) {
        let mut told = self.told();
        if told.stage != Stage::Closing {
            self.close(&mut told);
        }
    }

    /// The thread has done its last step.
    pub(super) fn ended(&self) {
        self.told().stage = Stage::Ended;
        self.changed.notify_all();
    }

    fn close(&self, told: &mut Told) {
        told.stage = Stage::Closing;
        // A call that comes now must not coalesce into one that will never be taken. Such a call is still
        // pending if a panic ended the thread.
        self.take_locked(told);
        self.changed.notify_all();
    }

    /// Until when the thread may go on.
    pub(super) fn ends_at(&self) -> Option<Timestamp> {
        self.told().stage.ends_at()
    }

    pub(super) fn is_over(&self) -> bool {
        self.told().stage.is_over()
    }

    pub(super) fn set_thread(&self, thread: Thread) {
        let _ = self.thread.set(thread);
    }

    fn wake(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    fn is_the_thread(&self) -> bool {
        self.thread.get().is_some_and(|thread| thread.id() == sync::current_thread().id())
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        sync::lock(&self.told)
    }
}

/// Ends the thread when the last handle is dropped.
pub(super) struct Keeper {
    shared: Arc<Shared>,
    drop_limit: Duration,
    on_drop: OnDrop,
    /// The process that has the thread.
    process: u32,
}

impl Keeper {
    pub(super) fn new(shared: Arc<Shared>, drop_limit: Duration, on_drop: OnDrop) -> Self {
        Self { shared, drop_limit, on_drop, process: process::id() }
    }

    /// If several callers ask, the earliest limit counts.
    pub(super) fn end(&self, limit: Duration) -> Result<(), Left> {
        self.end_and_wait(limit, &mut Limit::new(limit), |_| true)
    }

    /// The thread goes on within `limit`. Waits for it as long as `wait` and `patience` say.
    fn end_and_wait(
        &self,
        limit: Duration,
        wait: &mut Limit,
        patience: impl Fn(&Told) -> bool,
    ) -> Result<(), Left> {
        let shared = &self.shared;
        let within = sync::now().saturating_add(limit);
        let mut told = shared.told();
        told.stage = match told.stage {
            Stage::Going => Stage::Ending(within),
            Stage::Ending(earlier) => Stage::Ending(earlier.min(within)),
            Stage::Closing | Stage::Ended => told.stage,
        };
        // No call after this point coalesces.
        told.taken = shared.take_locked(&told).or(told.taken);
        told.is_asked_for_a_try = true;
        drop(told);
        shared.wake();
        if shared.is_the_thread() {
            // It ends after this run.
            return Ok(());
        }
        let mut told = shared.told();
        loop {
            if told.stage == Stage::Ended || wait.has_passed() || !patience(&told) {
                let is_left = shared.is_owed(&told);
                return if is_left { Err(Left { register: told.error.clone() }) } else { Ok(()) };
            }
            told = shared.await_change(told, wait);
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if self.process != process::id() {
            // This is a forked child: it has no such thread, and a thread that does not exist here may hold
            // the lock.
            return;
        }
        let mut wait = Limit::new(match self.on_drop {
            OnDrop::WaitFor(limit) => limit,
            OnDrop::Detach => Duration::ZERO,
            OnDrop::Wait => self.drop_limit,
        });
        // The thread goes on within its own limit. To wait for a register that is away is the business of a
        // shutdown: this drop may be in a task, which must not block.
        let _ = self.end_and_wait(self.drop_limit, &mut wait, |told| told.error.is_none());
    }
}
