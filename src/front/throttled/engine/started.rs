//! [`Started`]: a run from its start until it finishes, however that comes about.

use crate::front::observe::{self, Edge};
use crate::front::owner::discard_panics;
#[cfg(feature = "async")]
use crate::front::payload::Followed;
use crate::front::payload::Payload;
use crate::front::throttled::shared::Shared;
use crate::gate::DetachedRun;
use crate::state::{Epoch, Owe};
use std::sync::Arc;

/// A run that has started.
///
/// Dropped before [`finish`](super::Engine::finish), it has covered nobody: what it was given goes back, and it is left owed.
pub(in crate::front::throttled) struct Started<P: Payload> {
    pub(super) shared: Arc<Shared<P>>,
    pub(super) run: Option<DetachedRun>,
    /// `None` if there was nothing, or if it was taken out to be given to the function.
    pub(super) given: Option<P::Given>,
    pub(super) edge: Edge,
    /// Whether the end was asked for before, and no run is pending: then it is the last one.
    pub(super) is_last: bool,
}

impl<P: Payload> Started<P> {
    pub(in crate::front::throttled) fn epoch(&self) -> Epoch {
        self.run.as_ref().map_or(Epoch::NEVER_RAN, DetachedRun::epoch)
    }

    #[cfg(feature = "async")]
    pub(in crate::front::throttled) fn followed(&self) -> Arc<dyn Followed> {
        Arc::<Shared<P>>::clone(&self.shared)
    }

    /// What is to go back if this is dropped.
    #[cfg(feature = "async")]
    pub(in crate::front::throttled) fn bring_home(&mut self, given: Option<P::Given>) {
        self.given = given;
    }

    /// Finishes the run.
    pub(super) fn end(&mut self) {
        let frame = &self.shared.frame;
        if let Some(run) = self.run.take() {
            drop(frame.gate.resume(run));
            frame.waiting().notify();
        }
    }
}

impl<P: Payload> Drop for Started<P> {
    fn drop(&mut self) {
        let Shared { frame, payload, .. } = &*self.shared;
        if self.run.is_none() || frame.is_forked() {
            return;
        }
        let epoch = self.epoch();
        if let Some(given) = self.given.take() {
            discard_panics(|| drop(payload.put_back(given, || ())));
        }
        // Before the finish, so that nobody finds the calls neither covered nor owed.
        let (owed, _) = frame.gate.owe();
        self.end();
        if owed == Owe::Owed {
            observe::abandoned(self.shared.frame.source(), epoch);
        }
    }
}

/// Finishes the run when it is dropped.
pub(super) struct EndOnDrop<'s, P: Payload>(pub(super) &'s mut Started<P>);

impl<P: Payload> Drop for EndOnDrop<'_, P> {
    fn drop(&mut self) {
        self.0.end();
    }
}
