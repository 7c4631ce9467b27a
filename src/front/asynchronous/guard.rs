//! The gate's guards as a task holds them: they have no lifetime, they wake those who wait, and they keep what a run is
//! given.
//!
//! A task can be dropped at any await, and before it is polled at all: a runtime that shuts down does that.
//! So from the decision on, one of these holds what was decided.

use super::Runtime;
use super::shared::Shared;
use crate::front::failure::Failure;
use crate::front::observe::{self, Edge};
use crate::front::owner::discard_panics;
use crate::front::payload::{Carried, Count, Home, Payload};
use crate::front::throttle::has_lost_all_others;
use crate::gate::{Deferral, DetachedRun, Fired, Run};
use crate::state::{Abandon, Epoch, Owe};
use crate::sync::requests_after_the_lock;
use crate::time::Timestamp;
use core::mem;
use std::sync::Arc;

/// How the function of a run came to its end.
enum Ended {
    Returned,
    Panicked(Arc<Failure>),
}

/// A run in progress, whose function is still to be called or is being polled.
///
/// Dropped before its function came to an end it has covered nobody: what it was given goes back, the run is owed, unless
/// one is pending already, and finishes. If the function has taken out what it was given, there is nothing that another
/// run could be given, and none is owed.
pub(super) struct OwnedRun<R: Runtime, P: Payload> {
    shared: Arc<Shared<R, P>>,
    epoch: Epoch,
    /// Until the drop takes it.
    run: Option<DetachedRun>,
    given: Given<P::Given>,
    edge: Edge,
    /// Whether it replaced a deferral that had an owner, or an owed run.
    released_owner: bool,
    adopted: bool,
    ended: Option<Ended>,
}

/// Where that is what a run is given.
enum Given<G> {
    /// With the payload, still.
    NotTaken,
    Here(G),
    /// With the function, which sends it home.
    Lent(Home<G>),
}

impl<R: Runtime, P: Payload> OwnedRun<R, P> {
    /// A run that has started, and has not yet taken what it is given.
    pub(super) fn new(shared: Arc<Shared<R, P>>, run: Run<'_>, edge: Edge) -> Self {
        Self {
            shared,
            epoch: run.epoch(),
            released_owner: run.released_owner(),
            adopted: run.adopted(),
            run: Some(run.detach()),
            given: Given::NotTaken,
            edge,
            ended: None,
        }
    }

    pub(super) fn give(&mut self, given: P::Given) {
        self.given = Given::Here(given);
    }

    pub(super) fn shared(&self) -> &Arc<Shared<R, P>> {
        &self.shared
    }

    pub(super) fn epoch(&self) -> Epoch {
        self.epoch
    }

    pub(super) fn edge(&self) -> Edge {
        self.edge
    }

    /// Releases the owner that it has replaced, before the function is called.
    pub(super) fn take_over(&self) {
        if self.released_owner {
            self.shared.frame.waiting().notify();
        }
        if self.edge == Edge::Leading && (self.released_owner || self.adopted) {
            observe::taken_over(self.shared.frame.source(), self.epoch);
        }
    }

    /// For the function. Where the task is dropped in the middle, it comes back.
    pub(super) fn carry(&mut self) -> Carried<P::Given> {
        let home = Home::new(Arc::<Shared<R, P>>::clone(&self.shared));
        match mem::replace(&mut self.given, Given::Lent(home.clone())) {
            Given::Here(given) => Carried::new(given, &home),
            Given::NotTaken | Given::Lent(_) => {
                unreachable!("a function is called once, with what its run was given")
            }
        }
    }

    /// Finishes the run, whose function has returned.
    pub(super) fn returned(mut self) {
        self.keep_left(true);
        self.ended = Some(Ended::Returned);
    }

    /// Finishes the run, whose function has panicked.
    pub(super) fn panicked(mut self, failure: Failure) {
        self.keep_left(false);
        self.ended = Some(Ended::Panicked(Arc::new(failure)));
    }

    /// Finishes a run that has nothing to do. The run before has counted all, so this one ends as that one did.
    #[cold]
    pub(super) fn end_empty(mut self) {
        let latest = self.shared.frame.latest_failure();
        self.ended = Some(latest.map_or(Ended::Returned, Ended::Panicked));
    }

    /// Has another run be owed for what this one has left of what it was given, and drops the rest.
    fn keep_left(&mut self, has_completed: bool) {
        let Given::Lent(home) = &self.given else { return };
        let mut left = None;
        // What callers brought may panic when it is dropped.
        discard_panics(|| left = home.take().and_then(|given| P::left(given, has_completed)));
        if let Some(left) = left {
            // Nobody is there who would wait for it.
            self.put_back(left);
        }
    }

    /// Leaves the run owed, with what it was given. Returns whether it is, and was not pending.
    fn leave_owed(&mut self) -> bool {
        let given = match mem::replace(&mut self.given, Given::NotTaken) {
            Given::NotTaken => return matches!(self.shared.frame.gate.owe(), (Owe::Owed, _)),
            Given::Here(given) => Some(given),
            Given::Lent(home) => home.take(),
        };
        let payload = &self.shared.payload;
        let is_kept = |given: &P::Given| !P::is_spent(given) && !payload.is_lost(has_lost_all_others);
        given.filter(is_kept).is_some_and(|given| self.put_back(given))
    }

    /// Puts back what a run is to be given, and has one be owed. Returns whether it is, and was not pending.
    fn put_back(&self, given: P::Given) -> bool {
        let Shared { frame, payload, .. } = &*self.shared;
        let mut is_owed = false;
        let mut owe = || is_owed = matches!(frame.gate.owe(), (Owe::Owed, _));
        // What callers brought may panic when it is merged or dropped.
        discard_panics(|| {
            // In one step: else somebody could take it in between, and the next run would find nothing.
            drop(payload.put_back(given, || {
                if !requests_after_the_lock() {
                    owe();
                }
            }));
        });
        if requests_after_the_lock() {
            owe();
        }
        is_owed
    }
}

impl<R: Runtime> OwnedRun<R, Count> {
    /// The number of calls. If the task is dropped in the middle, they are counted for the next run.
    pub(super) fn calls(&self) -> u64 {
        match self.given {
            Given::Here(calls) => calls,
            Given::NotTaken | Given::Lent(_) => unreachable!("a run that is performed has been told of some"),
        }
    }
}

impl<R: Runtime, P: Payload> Drop for OwnedRun<R, P> {
    fn drop(&mut self) {
        // Before the finish, so that nobody finds the calls neither covered nor owed.
        let ended = self.ended.take();
        let is_owed = ended.is_none() && self.leave_owed();
        let frame = &self.shared.frame;
        match ended {
            Some(Ended::Returned) => frame.settle(self.epoch, None),
            Some(Ended::Panicked(failure)) => frame.settle(self.epoch, Some(failure)),
            None => {}
        }
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
pub(super) struct OwnedDeferral<R: Runtime, P: Payload> {
    shared: Arc<Shared<R, P>>,
    epoch: Epoch,
    is_held: bool,
}

/// What the owner of a deferral waited for.
pub(super) enum Turn<R: Runtime, P: Payload> {
    /// Its run has started.
    Run(OwnedRun<R, P>),
    /// Another run covers it.
    Gone,
    /// The deferral was cancelled.
    Cancelled,
}

impl<R: Runtime, P: Payload> OwnedDeferral<R, P> {
    pub(super) fn new(shared: Arc<Shared<R, P>>, deferral: Deferral<'_>) -> Self {
        Self { epoch: deferral.detach(), shared, is_held: true }
    }

    pub(super) fn shared(&self) -> &Arc<Shared<R, P>> {
        &self.shared
    }

    pub(super) fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// `Err` with the deadline, if there is one, while it is not yet its turn.
    pub(super) fn fire(&mut self, now: Timestamp) -> Result<Turn<R, P>, Option<Timestamp>> {
        let Shared { frame, payload, .. } = &*self.shared;
        let started = payload.start(|| match frame.gate.claim(self.epoch).fire(now) {
            Fired::Run(run) => Ok(run),
            not_started => Err(not_started),
        });
        let turn = match started {
            Ok((run, given)) => {
                let mut started = OwnedRun::new(Arc::clone(&self.shared), run, Edge::Trailing);
                if let Some(given) = given {
                    started.give(given);
                    Turn::Run(started)
                } else {
                    started.end_empty();
                    Turn::Gone
                }
            }
            Err(Fired::Busy(deferral)) => {
                let _ = deferral.detach();
                return Err(None);
            }
            Err(Fired::Early { deferral, due }) => {
                let _ = deferral.detach();
                return Err(Some(due));
            }
            Err(Fired::Cancelled) => Turn::Cancelled,
            Err(Fired::Gone | Fired::Run(_)) => Turn::Gone,
        };
        self.is_held = false;
        Ok(turn)
    }
}

impl<R: Runtime, P: Payload> Drop for OwnedDeferral<R, P> {
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
