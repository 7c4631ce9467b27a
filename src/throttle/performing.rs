//! A run while its function is called.

use super::Throttle;
use crate::clock::Clock;
use crate::gate::Run;
use crate::sync::{Ordering, this_thread};

/// Holds a run in progress. Dropping it finishes the run and wakes those who wait, on unwinding as well.
pub(super) struct Performing<'t, C: Clock> {
    throttle: &'t Throttle<C>,
    run: Option<Run<'t>>,
}

impl<'t, C: Clock> Performing<'t, C> {
    #[inline]
    pub(super) fn new(throttle: &'t Throttle<C>, run: Run<'t>) -> Self {
        // ORDERING: Relaxed; see `is_inside_run`.
        throttle.runner.store(this_thread(), Ordering::Relaxed);
        Self { throttle, run: Some(run) }
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
