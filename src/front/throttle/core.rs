//! What a throttle is without its payload. Handles borrow it, so they are the same for every payload.

use crate::clock::Clock;
use crate::front::observe::{Edge, Source};
use crate::front::wait::Waiting;
use crate::gate::{Gate, Run};
use crate::state::{Epoch, Refused};
use crate::sync::{AtomicU32, Event, Forked, Ordering, const_unless_loom, this_thread};
use crate::time::{Threshold, Timestamp};
use core::time::Duration;

#[repr(C)]
pub(crate) struct Core<C> {
    /// First, so that events name the throttle by its own address.
    pub(super) gate: Gate,
    pub(super) event: Event,
    /// How many threads wait on the event, or are about to.
    pub(super) waiters: AtomicU32,
    /// The thread of the run in progress, 0 if none: the run's own thread, and only that, recognizes itself.
    pub(super) runner: AtomicU32,
    pub(super) clock: C,
}

impl<C> Core<C> {
    const_unless_loom! {
        pub(super) const fn new(threshold: Duration, clock: C) -> Self {
            Self {
                gate: Gate::new(Threshold::new(threshold)),
                event: Event::new(),
                waiters: AtomicU32::new(0),
                runner: AtomicU32::new(0),
                clock,
            }
        }
    }

    #[inline]
    pub(super) fn is_inside_run(&self) -> bool {
        // ORDERING: Relaxed. A thread asks only whether it wrote its own number itself.
        let runner = self.runner.load(Ordering::Relaxed);
        runner != 0 && runner == this_thread()
    }

    pub(super) fn source(&self) -> Source {
        Source { front: "Throttle", address: (&raw const self.gate).cast() }
    }

    #[inline]
    pub(super) fn waiting(&self) -> Waiting<'_, C> {
        Waiting { clock: &self.clock, event: &self.event, waiters: &self.waiters }
    }
}

impl<C: Clock> Core<C> {
    /// The time by which a run may start now, or why none may.
    #[inline]
    pub(super) fn now_unless_refused(&self) -> Result<Timestamp, Refused> {
        let estimated = self.clock.estimate().and_then(|estimate| self.gate.refuses(estimate));
        if let Some(refused) = estimated {
            return Err(refused);
        }
        let now = self.clock.now();
        self.gate.refuses(now).map_or(Ok(now), Err)
    }

    /// Performs a run that this caller did not wait for. The thread that did wait is released first.
    #[inline]
    pub(super) fn take_over<R>(&self, run: Run<'_>, edge: Edge, f: impl FnOnce() -> R) -> R {
        if run.released_owner() {
            self.waiting().notify();
        }
        self.perform(run, edge, f)
    }

    /// In a forked child: finishes a run whose thread is in the parent, and returns its epoch. A wait for it would
    /// never end. Only the thread that forked can tell, see [`Forked::look`].
    #[cold]
    pub(super) fn finish_lost_run(&self) -> Option<Epoch> {
        let forked = Forked::look()?;
        let state = self.gate.state();
        // ORDERING: Relaxed. A lost thread wrote its number before the fork.
        let is_lost = state.is_running() && forked.has_lost(self.runner.load(Ordering::Relaxed));
        is_lost.then(|| {
            let _ = self.gate.finish_lost(state.epoch());
            self.waiting().notify();
            state.epoch()
        })
    }

    /// In a forked child: leaves owed what a thread in the parent was to perform. A thread of the child that has
    /// just deferred, and has no number yet, is taken for one of the parent: what it was to perform is owed then.
    #[cold]
    pub(super) fn abandon_lost_deferral(&self) {
        let state = self.gate.state();
        if state.has_owner() && has_lost_all_others() {
            let _ = self.gate.claim(state.epoch()).abandon();
        }
    }
}

/// Whether this is a forked child, and the threads that this throttle knows are in the parent.
pub(crate) fn has_lost_all_others() -> bool {
    Forked::look().is_some_and(Forked::is_alone)
}
