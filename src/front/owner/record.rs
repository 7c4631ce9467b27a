//! [`Record`]: how runs ended, in a front end whose tickets return how the run ended that covered the call.
//!
//! A run is *settled* when its calls are not tried again. The first settled run after a call decides what its ticket returns,
//! whenever that looks. So a later run that succeeds hides no failure.

use super::discard_panics;
use crate::front::failure::Failure;
use crate::front::wait::WaitError;
use crate::gate::Gate;
use crate::state::{DeferralStatus, Epoch, State, policy};
use crate::sync::{AtomicU32, AtomicU64, Mutex, Ordering, lock_unless};
use std::collections::VecDeque;
use std::sync::Arc;

pub(crate) struct Record {
    /// The epoch of the latest run that is settled.
    settled: AtomicU64,
    /// The epoch of the latest one that has failed.
    failed: AtomicU64,
    failures: Mutex<Failures>,
    /// 1 once a failure could not be remembered: this is a forked child, and a thread of the parent may have had the lock.
    is_lost: AtomicU32,
}

/// How many failures are remembered. They lie at least a window apart each, so a call has time to ask.
const REMEMBERED: usize = 16;

#[derive(Default)]
struct Failures {
    /// Oldest first.
    remembered: VecDeque<Failed>,
    /// From the oldest to the latest run whose failure is forgotten: what it covered is not known any more.
    forgotten: Option<(Epoch, Epoch)>,
}

/// A settled run that failed.
struct Failed {
    /// The epoch of the settled run before: calls from then on were covered by this one.
    after: Epoch,
    epoch: Epoch,
    failure: Arc<Failure>,
}

impl Record {
    pub(crate) fn new() -> Self {
        Self {
            settled: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            failures: Mutex::default(),
            is_lost: AtomicU32::new(0),
        }
    }

    /// Records how the run of `epoch` ended. Only that run calls it, before it finishes. `is_forked` is asked where another
    /// thread holds a lock.
    pub(crate) fn settle(
        &self,
        epoch: Epoch,
        failure: Option<Arc<Failure>>,
        is_forked: impl FnOnce() -> bool,
    ) {
        // ORDERING: Relaxed. Runs exclude each other, and the Release of the finish that follows publishes
        // this to all who see that finish.
        let after = policy::epoch(self.settled.load(Ordering::Relaxed));
        let mut forgotten = None;
        if let Some(failure) = failure {
            match lock_unless(&self.failures, is_forked) {
                Some(mut failures) => forgotten = failures.remember(Failed { after, epoch, failure }),
                // ORDERING: Relaxed; as above.
                None => self.is_lost.store(1, Ordering::Relaxed),
            }
            // ORDERING: Relaxed; as above.
            self.failed.store(epoch.as_u64(), Ordering::Relaxed);
        }
        // ORDERING: Relaxed; as above.
        self.settled.store(epoch.as_u64(), Ordering::Relaxed);
        // After the lock: the error in it is the user's.
        discard_panics(|| drop(forgotten));
    }

    /// The result of a wait for a run after `epoch`, if that would return at once. `is_forked` is asked where another thread
    /// holds a lock.
    pub(crate) fn look_for_cover(
        &self,
        gate: &Gate,
        epoch: Epoch,
        is_forked: impl FnOnce() -> bool,
    ) -> Option<Result<(), WaitError>> {
        // Load the state first: this load makes visible what the runs wrote.
        let state = gate.state();
        // ORDERING: Relaxed; see `is_seen`.
        let settled = self.settled.load(Ordering::Relaxed);
        if settled > epoch.as_u64() {
            // If it is not seen yet, its finish will wake the waiter.
            return is_seen(settled, state).then(|| self.told(epoch, is_forked));
        }
        if state.is_running() && state.epoch() > epoch {
            return None;
        }
        // Either no covering run has begun, or one is tried again, or one was begun, not performed, and left owed.
        match state.deferral() {
            DeferralStatus::Pending => None,
            DeferralStatus::Owed => Some(Err(WaitError::Owed)),
            DeferralStatus::None | DeferralStatus::Cancelled => Some(Err(WaitError::Cancelled)),
        }
    }

    /// The failure of the latest run that is settled, if it has failed. Only the run in progress asks.
    #[cfg(feature = "async")]
    pub(crate) fn latest_failure(&self, is_forked: impl FnOnce() -> bool) -> Option<Arc<Failure>> {
        // ORDERING: Relaxed. Runs exclude each other, and the start of this one has seen the finish of the one before.
        let (settled, failed) = (self.settled.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed));
        if settled != failed {
            return None;
        }
        let failures = lock_unless(&self.failures, is_forked)?;
        failures.remembered.back().map(|failed| Arc::clone(&failed.failure))
    }

    /// What the ticket of a call of `epoch` returns, whose run is settled.
    fn told(&self, epoch: Epoch, is_forked: impl FnOnce() -> bool) -> Result<(), WaitError> {
        // ORDERING: Relaxed; see `is_seen`.
        if self.failed.load(Ordering::Relaxed) <= epoch.as_u64() {
            return Ok(());
        }
        // ORDERING: Relaxed; see `is_seen`.
        if self.is_lost.load(Ordering::Relaxed) != 0 {
            return Err(WaitError::Forked);
        }
        lock_unless(&self.failures, is_forked).map_or(Err(WaitError::Forked), |failures| failures.told(epoch))
    }
}

impl Failures {
    /// Returns what is forgotten for it.
    fn remember(&mut self, failed: Failed) -> Option<Failed> {
        let is_full = self.remembered.len() == REMEMBERED;
        let forgotten = if is_full { self.remembered.pop_front() } else { None };
        if let Some(Failed { after, epoch, .. }) = forgotten {
            let (oldest, _) = self.forgotten.unwrap_or((after, epoch));
            self.forgotten = Some((oldest, epoch));
        }
        self.remembered.push_back(failed);
        forgotten
    }

    fn told(&self, epoch: Epoch) -> Result<(), WaitError> {
        let covers = |after: Epoch, run: Epoch| after <= epoch && epoch < run;
        match self.remembered.iter().find(|failed| covers(failed.after, failed.epoch)) {
            Some(Failed { failure, .. }) if failure.is_panic() => Err(WaitError::Panicked),
            Some(Failed { failure, .. }) => Err(WaitError::Failed(Arc::clone(failure))),
            None if self.forgotten.is_some_and(|(after, run)| covers(after, run)) => {
                Err(WaitError::Forgotten)
            }
            None => Ok(()),
        }
    }
}

/// Whether `state` shows that the run of epoch `settled` has finished. If it does not show that yet, what the run wrote may
/// not be visible yet either.
fn is_seen(settled: u64, state: State) -> bool {
    let latest = state.epoch().as_u64();
    settled < latest || settled == latest && !state.is_running()
}

#[cfg(all(test, not(any(atomic_throttle_loom, atomic_throttle_shuttle))))]
mod tests {
    use super::*;
    use crate::front::failure::Thrown;
    use crate::gate::Flushed;
    use crate::sync::lock;
    use crate::{Threshold, Timestamp};
    use std::boxed::Box;
    use std::io;

    /// In a forked child a thread of the parent may have the lock for ever. Nothing hangs then, and no failure is taken for
    /// a success.
    #[test]
    fn a_failure_that_cannot_be_remembered_is_not_told_as_a_success() {
        let (gate, record) = (Gate::new(Threshold::ZERO), Record::new());
        let run = |failure: Option<Arc<Failure>>, is_forked: bool| {
            let (_, epoch) = gate.request();
            let Flushed::Run(run) = gate.flush(Timestamp::ZERO) else { panic!("a run is pending") };
            record.settle(run.epoch(), failure, || is_forked);
            run.finish();
            epoch
        };
        let failure = |epoch| {
            let (failure, _) = Failure::new(epoch, 1, Thrown::Error(Box::new(io::Error::other("refused"))));
            Some(Arc::new(failure))
        };
        let held = lock(&record.failures);
        let failed = run(failure(Epoch::NEVER_RAN), true);
        drop(held);
        assert_eq!(record.look_for_cover(&gate, failed, || true), Some(Err(WaitError::Forked)));
        let later = run(None, true);
        assert_eq!(record.look_for_cover(&gate, later, || true), Some(Ok(())), "no run after it has failed");
        assert_eq!(record.look_for_cover(&gate, failed, || true), Some(Err(WaitError::Forked)));
    }
}
