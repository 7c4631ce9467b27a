//! A run while its function is called.

use super::Throttle;
use crate::clock::Clock;
use crate::front::observe::{self, Edge};
use crate::gate::Run;
use crate::sync::{Ordering, this_thread};

impl<C: Clock> Throttle<C> {
    /// Performs a run that this caller did not wait for. The thread that did wait is released first.
    #[inline]
    pub(super) fn take_over<T>(&self, run: Run<'_>, edge: Edge, f: impl FnOnce() -> T) -> T {
        if run.released_owner() {
            self.waiting().notify();
        }
        self.perform(run, edge, f)
    }

    #[inline]
    pub(super) fn perform<T>(&self, run: Run<'_>, edge: Edge, f: impl FnOnce() -> T) -> T {
        let performing = Performing::new(self, run);
        performing.tell(edge);
        let value = f();
        drop(performing);
        value
    }
}

/// Holds a run in progress. Dropping it finishes the run and wakes those who wait, on unwinding as well.
struct Performing<'t, C: Clock> {
    throttle: &'t Throttle<C>,
    run: Option<Run<'t>>,
}

impl<'t, C: Clock> Performing<'t, C> {
    #[inline]
    fn new(throttle: &'t Throttle<C>, run: Run<'t>) -> Self {
        // ORDERING: Relaxed; see `is_inside_run`.
        throttle.runner.store(this_thread(), Ordering::Relaxed);
        Self { throttle, run: Some(run) }
    }

    #[inline]
    fn tell(&self, edge: Edge) {
        if let Some(run) = self.run.as_ref().filter(|_| observe::ENABLED) {
            let source = self.throttle.source();
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
        self.throttle.runner.store(0, Ordering::Relaxed);
        drop(self.run.take());
        self.throttle.waiting().notify();
    }
}
