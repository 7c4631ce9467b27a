//! [`Endings`]: how runs ended, in a front end that performs them itself, and what a wait for a covering run
//! concludes from that.

use crate::front::wait::WaitError;
use crate::gate::Gate;
use crate::state::{DeferralStatus, Epoch, State};
use crate::sync::{AtomicU64, Ordering};

/// How a run ended: its function returned, or panicked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunEnd {
    Completed,
    Panicked,
}

/// The epochs of the latest run that completed, and of the latest one that panicked.
pub(crate) struct Endings {
    completed: AtomicU64,
    panicked: AtomicU64,
}

impl Endings {
    pub(crate) fn new() -> Self {
        Self { completed: AtomicU64::new(0), panicked: AtomicU64::new(0) }
    }

    /// Records how the run of `epoch` ended. Only that run calls it, before it finishes.
    pub(crate) fn record(&self, epoch: Epoch, end: RunEnd) {
        let latest = match end {
            RunEnd::Completed => &self.completed,
            RunEnd::Panicked => &self.panicked,
        };
        // ORDERING: Relaxed. Runs exclude each other, and the Release of the finish that follows publishes
        // this to all who see that finish.
        latest.store(epoch.as_u64(), Ordering::Relaxed);
    }

    /// How the latest run that has ended did.
    pub(crate) fn latest(&self) -> RunEnd {
        // ORDERING: Relaxed. Only the run in progress asks, and its start has seen the finish of the one before.
        let completed = self.completed.load(Ordering::Relaxed);
        // ORDERING: Relaxed; as above.
        let panicked = self.panicked.load(Ordering::Relaxed);
        if panicked > completed { RunEnd::Panicked } else { RunEnd::Completed }
    }

    /// The result of a wait for a run after `epoch`, if that would return at once.
    pub(crate) fn look_for_cover(&self, gate: &Gate, epoch: Epoch) -> Option<Result<(), WaitError>> {
        // Load the state first: this load makes visible what the runs wrote.
        let state = gate.state();
        // ORDERING: Relaxed; see `is_seen`.
        let completed = self.completed.load(Ordering::Relaxed);
        // ORDERING: Relaxed; see `is_seen`.
        let panicked = self.panicked.load(Ordering::Relaxed);
        // A later run may be pending or in progress already.
        if is_seen(completed, epoch, state) {
            return Some(Ok(()));
        }
        // Not while a completed run has yet to be seen: it covers the call, whatever another run did.
        if completed <= epoch.as_u64() && is_seen(panicked, epoch, state) {
            return Some(Err(WaitError::Panicked));
        }
        // A run that ended after the word was read may hide how the run before it ended. Its finish will wake
        // the waiter.
        let is_hidden = completed.max(panicked) > state.epoch().as_u64();
        if is_hidden || state.is_running() && state.epoch() > epoch {
            return None;
        }
        // Either no covering run has begun, or one was begun, not performed, and left owed.
        match state.deferral() {
            DeferralStatus::Pending => None,
            DeferralStatus::Owed => Some(Err(WaitError::Owed)),
            DeferralStatus::None | DeferralStatus::Cancelled => Some(Err(WaitError::Cancelled)),
        }
    }
}

/// Whether `state` shows that `run`, which is after `epoch`, has finished. If it does not show that yet, what
/// the run wrote may not be visible yet either; the finish will wake the waiter.
fn is_seen(run: u64, epoch: Epoch, state: State) -> bool {
    let latest = state.epoch().as_u64();
    run > epoch.as_u64() && (run < latest || run == latest && !state.is_running())
}

#[cfg(all(test, not(any(atomic_throttle_loom, atomic_throttle_shuttle))))]
mod tests {
    use super::*;
    use crate::gate::Flushed;
    use crate::{Threshold, Timestamp};

    #[test]
    fn a_panic_between_two_runs_that_completed_is_never_told() {
        let (gate, endings) = (Gate::new(Threshold::ZERO), Endings::new());
        let start = || {
            let (_, epoch) = gate.request();
            let Flushed::Run(run) = gate.flush(Timestamp::ZERO) else { panic!("a run is pending") };
            (epoch, run)
        };
        let (epoch, run) = start();
        endings.record(run.epoch(), RunEnd::Completed);
        run.finish();
        let (_, run) = start();
        endings.record(run.epoch(), RunEnd::Panicked);
        run.finish();
        let (_, run) = start();
        assert!(endings.look_for_cover(&gate, epoch) == Some(Ok(())));
        // It replaces the first one in the record, and its finish has yet to be seen.
        endings.record(run.epoch(), RunEnd::Completed);
        assert!(endings.look_for_cover(&gate, epoch).is_none());
        run.finish();
        assert!(endings.look_for_cover(&gate, epoch) == Some(Ok(())));
    }
}
