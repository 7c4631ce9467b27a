//! The gate's guards as a task holds them: they have no lifetime, and they wake those who wait.
//!
//! A task can be dropped at any await, and before it is polled at all: a runtime that shuts down does that.
//! So from the decision on, one of these holds what was decided.

use super::Runtime;
use super::endings::RunEnd;
use super::shared::Shared;
use crate::front::observe::{self, Edge};
use crate::gate::{Deferral, DetachedRun, Fired, Run};
use crate::state::{Abandon, Epoch, Owe};
use crate::time::Timestamp;
use std::sync::Arc;

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
    ended: Option<RunEnd>,
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

    /// Finishes the run.
    pub(super) fn end(mut self, end: RunEnd) {
        self.ended = Some(end);
    }
}

impl<R: Runtime> Drop for OwnedRun<R> {
    fn drop(&mut self) {
        let shared = &self.shared;
        let is_owed = match self.ended {
            Some(ended) => {
                shared.endings.record(self.epoch, ended);
                false
            }
            // Before the finish, so that nobody finds the calls neither covered nor owed.
            None => matches!(shared.gate.owe(), (Owe::Owed, _)),
        };
        drop(self.run.take().map(|run| shared.gate.resume(run)));
        shared.waiting().notify();
        if is_owed {
            observe::abandoned(shared.source(), self.epoch);
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
        let turn = match self.shared.gate.claim(self.epoch).fire(now) {
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
        let left = self.shared.gate.claim(self.epoch).abandon();
        self.shared.waiting().notify();
        if left == Abandon::Owed {
            observe::abandoned(self.shared.source(), self.epoch);
        }
    }
}
