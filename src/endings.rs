//! [`Endings`]: how the runs of a front end ended that performs them itself, and what a wait for a covering
//! run makes of it.

use crate::gate::Gate;
use crate::state::{DeferralStatus, Epoch, State};
use crate::sync::{AtomicU64, Ordering};
use crate::wait::WaitError;

/// How a run ended: its function returned, or panicked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunEnd {
    Completed,
    Panicked,
}

/// The epochs of the latest runs that ended in one way and in the other.
pub(crate) struct Endings {
    completed: AtomicU64,
    panicked: AtomicU64,
}

impl Endings {
    pub(crate) fn new() -> Self {
        Self { completed: AtomicU64::new(0), panicked: AtomicU64::new(0) }
    }

    /// Leaves word of how the run of `epoch` ended. For that run alone, before it finishes.
    pub(crate) fn record(&self, epoch: Epoch, end: RunEnd) {
        let latest = match end {
            RunEnd::Completed => &self.completed,
            RunEnd::Panicked => &self.panicked,
        };
        // ORDERING: Relaxed. Runs exclude each other, and the Release of the finish that follows
        // publishes this to whoever sees it.
        latest.store(epoch.as_u64(), Ordering::Relaxed);
    }

    /// Whether a wait for a run after `epoch` would end at once, and how.
    pub(crate) fn look_for_cover(&self, gate: &Gate, epoch: Epoch) -> Option<Result<(), WaitError>> {
        // First, for it is what makes visible what the runs wrote.
        let state = gate.state();
        // ORDERING: Relaxed; see `is_seen`.
        let completed = self.completed.load(Ordering::Relaxed);
        // ORDERING: Relaxed; see `is_seen`.
        let panicked = self.panicked.load(Ordering::Relaxed);
        // A later run may be pending or in progress already.
        if is_seen(completed, epoch, state) {
            return Some(Ok(()));
        }
        // Not while a run that completed is still to be seen: it covers the call, whatever another one did.
        if completed <= epoch.as_u64() && is_seen(panicked, epoch, state) {
            return Some(Err(WaitError::Panicked));
        }
        // A run that ended after the look at the word may hide how the one before it did: its finish tells.
        let is_hidden = completed.max(panicked) > state.epoch().as_u64();
        if is_hidden || state.is_running() && state.epoch() > epoch {
            return None;
        }
        // No run that covers the call has begun, or nobody performed it and it is owed.
        match state.deferral() {
            DeferralStatus::Pending => None,
            DeferralStatus::Owed => Some(Err(WaitError::Owed)),
            DeferralStatus::None | DeferralStatus::Cancelled => Some(Err(WaitError::Cancelled)),
        }
    }
}

/// Whether `state` shows that `run`, one after `epoch`, has finished. Where it does not show that yet, what
/// the run did may not be visible yet, either; whoever waits is told of the finish.
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
        // It takes the place of the first one, and is not to be seen yet.
        endings.record(run.epoch(), RunEnd::Completed);
        assert!(endings.look_for_cover(&gate, epoch).is_none());
        run.finish();
        assert!(endings.look_for_cover(&gate, epoch) == Some(Ok(())));
    }
}
