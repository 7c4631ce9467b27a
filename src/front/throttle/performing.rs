//! A run while its function is called.

use super::Coalesced;
use super::core::Core;
use crate::clock::Clock;
use crate::front::observe::{self, Edge};
use crate::gate::Run;
use crate::sync::{Ordering, this_thread};

impl<C: Clock> Core<C> {
    #[inline]
    pub(super) fn perform<R>(&self, run: Run<'_>, edge: Edge, f: impl FnOnce() -> R) -> R {
        let performing = Performing::new(self, run);
        performing.tell(edge);
        let value = f();
        drop(performing);
        value
    }

    /// Ends a run that has nothing to do. The handle is that of a call which is covered.
    #[cold]
    pub(super) fn end_empty(&self, run: Run<'_>) -> Coalesced<'_, C> {
        let before = run.epoch().previous();
        drop(Performing::new(self, run));
        Coalesced::new(self, before)
    }
}

/// Holds a run in progress. Dropping it finishes the run and wakes those who wait, on unwinding as well.
struct Performing<'t, C: Clock> {
    core: &'t Core<C>,
    run: Option<Run<'t>>,
}

impl<'t, C: Clock> Performing<'t, C> {
    #[inline]
    fn new(core: &'t Core<C>, run: Run<'t>) -> Self {
        // ORDERING: Relaxed; see `is_inside_run`.
        core.runner.store(this_thread(), Ordering::Relaxed);
        Self { core, run: Some(run) }
    }

    #[inline]
    fn tell(&self, edge: Edge) {
        if let Some(run) = self.run.as_ref().filter(|_| observe::ENABLED) {
            let source = self.core.source();
            if edge == Edge::Leading && (run.released_owner() || run.adopted()) {
                observe::taken_over(source, run.epoch());
            }
            observe::run_started(source, run.epoch(), edge);
        }
    }
}

impl<C: Clock> Drop for Performing<'_, C> {
    #[inline]
    fn drop(&mut self) {
        // ORDERING: Relaxed; see `is_inside_run`. Before the finish, whose Release orders it before the
        // store of the next runner.
        self.core.runner.store(0, Ordering::Relaxed);
        drop(self.run.take());
        self.core.waiting().notify();
    }
}
