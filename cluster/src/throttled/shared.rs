//! What the callers and the thread share: the local gate, and what they tell each other.

use super::foreign::without_panic;
use super::limit::Limit;
use super::{Disagreement, Ended, Status, WaitError};
use crate::cell::Cell;
use crate::course::Taken;
use crate::register::{Register, RegisterError, Terms};
use crate::sync::{self, Condvar, Mutex, MutexGuard, Thread};
use atomic_throttle::gate::Flushed;
use atomic_throttle::{Epoch, Gate, Threshold, Timestamp};
use core::mem;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
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
pub(super) struct Told {
    pub(super) stage: Stage,
    covered: Taken,
    runs: u64,
    panics: u64,
    superseded: u64,
    cell: Cell,
    pub(super) error: Option<RegisterError>,
    /// Calls that were taken when the end was asked for, so that no later call coalesces into them.
    pub(super) taken: Option<Taken>,
    /// Whether somebody wants a register that does not answer to be tried at once.
    pub(super) is_asked_for_a_try: bool,
    /// The latest terms that differ, and when they were seen.
    disagreement: Option<(Terms, Timestamp)>,
    /// The tasks that wait for a change.
    wakers: Vec<Waker>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
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
                wakers: Vec::new(),
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
    pub(super) fn take_locked(&self, _: &Told) -> Option<Taken> {
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
            if let Some(result) = self.look_for_cover(&told, taken) {
                return result;
            }
            if limit.has_passed() {
                return Err(WaitError::TimedOut { register: told.error.clone() });
            }
            told = self.await_change(told, &mut limit);
        }
    }

    /// As [`wait_for`](Self::wait_for), for a task.
    pub(super) fn poll_cover(&self, taken: Taken, cx: &Context<'_>) -> Poll<Result<(), WaitError>> {
        let mut told = self.told();
        if let Some(result) = self.look_for_cover(&told, taken) {
            return Poll::Ready(result);
        }
        if !told.wakers.iter().any(|waker| waker.will_wake(cx.waker())) {
            told.wakers.push(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Wants a register that does not answer to be tried at once.
    pub(super) fn ask_for_a_try(&self) {
        let mut told = self.told();
        told.is_asked_for_a_try = true;
        if told.error.is_some() {
            self.wake();
        }
    }

    /// How a wait would end at once, if it would.
    fn look_for_cover(&self, told: &Told, taken: Taken) -> Option<Result<(), WaitError>> {
        if told.covered >= taken {
            return Some(Ok(()));
        }
        if self.is_the_thread() {
            return Some(Err(WaitError::InsideRun));
        }
        matches!(told.stage, Stage::Closing | Stage::Ended).then_some(Err(WaitError::Ended))
    }

    /// Waits for a change, at most until the limit. If the register does not answer, asks for a try at the
    /// beginning of the wait, and for another one shortly before its end.
    pub(super) fn await_change<'a>(
        &'a self,
        mut told: MutexGuard<'a, Told>,
        limit: &mut Limit,
    ) -> MutexGuard<'a, Told> {
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
    pub(super) fn is_owed(&self, told: &Told) -> bool {
        told.covered < self.latest()
    }

    /// The register has answered the thread.
    pub(super) fn heard(&self, cell: Cell, covered: Taken) {
        let mut told = self.told();
        told.cell = cell;
        if covered > told.covered {
            told.covered = covered;
            self.tell_all(told);
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
        // A drop does not wait for a register that is away. Tasks do.
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
        let told = self.told();
        let Stage::Ending(within) = told.stage else { return told.stage != Stage::Going };
        let closes = !self.is_owed(&told) || sync::now() >= within;
        if closes {
            self.close(told);
        }
        closes
    }

    /// The thread performs no more runs, perhaps earlier than it should.
    pub(super) fn closed(&self) {
        let told = self.told();
        if told.stage != Stage::Closing {
            self.close(told);
        }
    }

    /// The thread has done its last step.
    pub(super) fn ended(&self) {
        let mut told = self.told();
        told.stage = Stage::Ended;
        self.tell_all(told);
    }

    fn close(&self, mut told: MutexGuard<'_, Told>) {
        told.stage = Stage::Closing;
        // A call that comes now must not coalesce into one that will never be taken. Such a call is still
        // pending if a panic ended the thread.
        self.take_locked(&told);
        self.tell_all(told);
    }

    /// Wakes all who wait. A waker is foreign code: it is called outside of the lock, and a panic of it is no business of the
    /// thread.
    fn tell_all(&self, mut told: MutexGuard<'_, Told>) {
        let wakers = mem::take(&mut told.wakers);
        drop(told);
        self.changed.notify_all();
        for waker in wakers {
            without_panic(|| waker.wake());
        }
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

    pub(super) fn wake(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    pub(super) fn is_the_thread(&self) -> bool {
        self.thread.get().is_some_and(|thread| thread.id() == sync::current_thread().id())
    }

    pub(super) fn told(&self) -> MutexGuard<'_, Told> {
        sync::lock(&self.told)
    }
}
