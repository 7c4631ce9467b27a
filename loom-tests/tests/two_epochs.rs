//! G3 over two windows: a run, a deferral, the run that covers it, another deferral and its run. A call that
//! comes while the epoch changes is covered by the first run after the epoch that it got.

use atomic_throttle::Epoch;
use atomic_throttle::gate::{Arrival, Deferral, Fired, Gate, Run};
use evidence::Guarantee::{G3, G4};
use evidence::depth;
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread;
use loom_tests::{Bound, DUE, LATER, LEADING, SECOND_DUE, SECOND_INSIDE, THRESHOLD, Tally, defer, explore};
use std::sync::Arc;
use watchdog as _;

/// A gate, and what a call wrote before it.
struct Shared {
    gate: Gate,
    data: AtomicUsize,
}

/// The epoch of a run, and what it saw.
type Saw = (Epoch, usize);

impl Shared {
    fn perform(&self, run: Run<'_>) -> Saw {
        let saw = (run.epoch(), self.data.load(Relaxed));
        run.finish();
        saw
    }

    /// The owner of the first window runs at its end, calls in the second, and runs at the end of the second.
    fn own_two_windows(&self, first: Deferral<'_>) -> Vec<Saw> {
        let Fired::Run(run) = first.fire(DUE) else { panic!("nothing is in its way") };
        let mut runs = vec![self.perform(run)];
        match self.gate.arrive(SECOND_INSIDE) {
            Arrival::Run(_) => panic!("G1: the window is closed"),
            Arrival::Defer(second) => {
                let Fired::Run(run) = second.fire(SECOND_DUE) else { panic!("nothing is in its way") };
                runs.push(self.perform(run));
            }
            // The other call owns the deferral, and keeps its guard.
            Arrival::Coalesced(_) => {}
        }
        runs
    }

    /// What is still pending or owed runs after all windows.
    fn settle(&self) -> Option<Saw> {
        let state = self.gate.state();
        if !state.is_pending() && !state.is_owed() {
            return None;
        }
        let Arrival::Run(run) = self.gate.arrive(LATER) else { panic!("nothing is in its way") };
        Some(self.perform(run))
    }
}

/// `call` comes while the owner goes through two windows. It returns the epoch in which it was promised a run.
fn call_at_the_switch(claim: &str, bound: Bound, call: fn(&Gate) -> Epoch) {
    let (first, second, later) = (Tally::new(), Tally::new(), Tally::new());
    let (first_in, second_in, later_in) = (first.clone(), second.clone(), later.clone());
    explore(bound, &[G3, G4], claim, move || {
        let shared = Arc::new(Shared { gate: Gate::new(THRESHOLD), data: AtomicUsize::new(0) });
        let deferral = defer(&shared.gate);
        let caller = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                shared.data.store(1, Relaxed);
                call(&shared.gate)
            }
        });
        let mut runs = shared.own_two_windows(deferral);
        let promised = caller.join().expect("no panic");
        runs.extend(shared.settle());

        let covering = runs.iter().find(|(epoch, _)| *epoch > promised);
        let (_, saw) = covering.expect("G3: no run covers the call");
        assert_eq!(*saw, 1, "G3: the covering run missed the call: {runs:?}");
        assert!(!shared.gate.state().has_owner());
        first_in.count_if(promised.started_at() == LEADING);
        second_in.count_if(promised.started_at() == DUE);
        later_in.count_if(promised.started_at() == SECOND_DUE);
    })
    .at_least(1000)
    .reached(&first, "the call was promised a run in the first epoch")
    .reached(&second, "the call was promised a run in the second epoch")
    .reached(&later, "the call was promised a run after the second epoch")
    .passed();
}

#[test]
fn a_call_that_leaves_its_run_owed() {
    let bound = depth(Bound::Preemptions(4), Bound::Preemptions(6));
    call_at_the_switch("a call by `coalesce` or `owe` while the epoch changes", bound, |gate| {
        gate.coalesce().unwrap_or_else(|| gate.owe().1)
    });
}

#[test]
fn a_call_that_owns() {
    let bound = depth(Bound::Preemptions(4), Bound::Preemptions(6));
    call_at_the_switch("a call by `coalesce` or `arrive` while the epoch changes", bound, |gate| {
        gate.coalesce().unwrap_or_else(|| match gate.arrive(SECOND_INSIDE) {
            Arrival::Run(_) => panic!("G1: the window is closed"),
            Arrival::Coalesced(epoch) => epoch,
            Arrival::Defer(deferral) => {
                let epoch = deferral.epoch();
                // It stays pending: the other call, or the end of the model, takes it over.
                std::mem::forget(deferral);
                epoch
            }
        })
    });
}
