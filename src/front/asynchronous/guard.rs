//! The gate's guards as a task holds them: they have no lifetime, and they wake those who wait.
//!
//! A task can be dropped at any await, and before it is polled at all: a runtime that shuts down does that.
//! So from the decision on, one of these holds what was decided.

use super::Runtime;
use super::shared::Shared;
use crate::front::failure::Failure;
use crate::front::observe::{self, Edge};
use crate::gate::{Deferral, DetachedRun, Fired, Run};
use crate::state::{Abandon, Epoch, Owe};
use crate::time::Timestamp;
use std::sync::Arc;

/// How the function of a run came to its end.
enum Ended {
    Returned,
    Panicked(Arc<Failure>),
}

/// A run in progress, whose function is still to be called or is being polled.
///
/// Dropped before its function came to an end it has covered nobody: the run is owed, unless one is pending
/// already, and finishes.
pub(super) struct OwnedRun<R: Runtime> {
    shared: Arc<Shared<R>>,
    epoch: Epoch,
    /// Until the drop takes it.
    run: Option<DetachedRun>,
    edge: Edge,
    ended: Option<Ended>,
}

impl<R: Runtime> OwnedRun<R> {
    pub(super) fn new(shared: Arc<Shared<R>>, run: Run<'_>, edge: Edge) -> Self {
        Self { epoch: run.epoch(), run: Some(run.detach()), shared, edge, ended: None }
    }

    pub(super) fn shared(&self) -> &Arc<Shared<R>> {
        &self.shared
    }

    pub(super) fn epoch(&self) -> Epoch {
        self.epoch
    }

    pub(super) fn edge(&self) -> Edge {
        self.edge
    }

    /// Finishes the run, whose function has returned.
    pub(super) fn returned(mut self) {
        self.ended = Some(Ended::Returned);
    }

    /// Finishes the run, whose function has panicked.
    pub(super) fn panicked(mut self, failure: Failure) {
        self.ended = Some(Ended::Panicked(Arc::new(failure)));
    }
}

impl<R: Runtime> Drop for OwnedRun<R> {
    fn drop(&mut self) {
        let frame = &self.shared.frame;
        let is_owed = match self.ended.take() {
            Some(ended) => {
                let failure = match ended {
                    Ended::Returned => None,
                    Ended::Panicked(failure) => Some(failure),
                };
                frame.settle(self.epoch, failure);
                false
            }
            // Before the finish, so that nobody finds the calls neither covered nor owed.
            None => matches!(frame.gate.owe(), (Owe::Owed, _)),
        };
        drop(self.run.take().map(|run| frame.gate.resume(run)));
        frame.waiting().notify();
        if is_owed {
            observe::abandoned(frame.source(), self.epoch);
        }
    }
}

/// The one deferral, of which this is the owner.
///
/// Dropped before its turn it leaves the run owed.
pub(super) struct OwnedDeferral<R: Runtime> {
    shared: Arc<Shared<R>>,
    epoch: Epoch,
    is_held: bool,
}

/// What the owner of a deferral waited for.
pub(super) enum Turn<R: Runtime> {
    /// Its run has started.
    Run(OwnedRun<R>),
    /// Another run covers it.
    Gone,
    /// The deferral was cancelled.
    Cancelled,
}

impl<R: Runtime> OwnedDeferral<R> {
    pub(super) fn new(shared: Arc<Shared<R>>, deferral: Deferral<'_>) -> Self {
        Self { epoch: deferral.detach(), shared, is_held: true }
    }

    pub(super) fn shared(&self) -> &Arc<Shared<R>> {
        &self.shared
    }

    /// `Err` with the deadline, if there is one, while it is not yet its turn.
    pub(super) fn fire(&mut self, now: Timestamp) -> Result<Turn<R>, Option<Timestamp>> {
        let turn = match self.shared.frame.gate.claim(self.epoch).fire(now) {
            Fired::Busy(deferral) => {
                let _ = deferral.detach();
                return Err(None);
            }
            Fired::Early { deferral, due } => {
                let _ = deferral.detach();
                return Err(Some(due));
            }
            Fired::Run(run) => Turn::Run(OwnedRun::new(Arc::clone(&self.shared), run, Edge::Trailing)),
            Fired::Gone => Turn::Gone,
            Fired::Cancelled => Turn::Cancelled,
        };
        self.is_held = false;
        Ok(turn)
    }
}

impl<R: Runtime> Drop for OwnedDeferral<R> {
    fn drop(&mut self) {
        if !self.is_held {
            return;
        }
        let frame = &self.shared.frame;
        let left = frame.gate.claim(self.epoch).abandon();
        frame.waiting().notify();
        if left == Abandon::Owed {
            observe::abandoned(frame.source(), self.epoch);
        }
    }
}
