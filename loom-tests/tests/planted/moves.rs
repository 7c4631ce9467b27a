//! G2 and G4: a decision that is a load and a later store, in place of one compare-and-swap, lets two
//! runs overlap, lets two calls own the deferral, and loses a deferral that was made in between.

use crate::fault::{Fault, plant};
use atomic_throttle::Threshold;
use atomic_throttle::gate::{Arrival, Gate};
use evidence::Guarantee::{self, G2, G3, G4};
use evidence::caught;
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread;
use loom_tests::{Bound, Tally, explore, search};
use loom_tests::{INSIDE, LEADING, THRESHOLD};
use std::sync::Arc;

/// What was counted.
#[derive(Clone, Default)]
struct Seen {
    /// The threads of the model met.
    met: Tally,
    /// Something happened that must not happen.
    broken: Tally,
}

type Model = fn(&Seen);

/// Explores `model` with nothing planted, then with the fault, which must be found.
fn fails_if_planted(guarantees: &'static [Guarantee], claim: &str, model: Model, found: &str) {
    let run = |seen: &Seen| {
        let seen = seen.clone();
        move || model(&seen)
    };
    let seen = Seen::default();
    explore(Bound::Exhaustive, guarantees, claim, run(&seen))
        .at_least(30)
        .reached(&seen.met, "the threads met")
        .never(&seen.broken, found)
        .passed();

    let seen = Seen::default();
    plant(Fault::LoadThenStore);
    let executions = search(Bound::Preemptions(3), run(&seen));
    plant(Fault::Nothing);
    let broken = seen.broken.total();
    assert!(broken > 0, "the planted fault was not found in {executions} executions");
    caught(
        "a decision by a load and a store",
        &format!("loom: {found} in {broken} of {executions} executions"),
    );
}

/// Two calls, of which only one at a time may run.
fn two_that_start(seen: &Seen) {
    let shared = Arc::new((Gate::new(Threshold::ZERO), AtomicUsize::new(0)));
    let call = |shared: &(Gate, AtomicUsize), seen: &Seen| match shared.0.try_start(LEADING) {
        Ok(run) => {
            let others = shared.1.fetch_add(1, Relaxed);
            shared.1.fetch_sub(1, Relaxed);
            run.finish();
            seen.broken.count_if(others > 0);
        }
        Err(_) => seen.met.count(),
    };
    let other = thread::spawn({
        let (shared, seen) = (Arc::clone(&shared), seen.clone());
        move || call(&shared, &seen)
    });
    call(&shared, seen);
    other.join().expect("no panic");
}

#[test]
fn runs_overlap() {
    fails_if_planted(&[G2], "two calls that only try", two_that_start, "two runs overlap");
}

/// Two calls in one window. An owner keeps its guard.
fn two_that_defer(seen: &Seen) {
    let gate = Arc::new(Gate::new(THRESHOLD));
    let Arrival::Run(leading) = gate.arrive(LEADING) else { panic!("the first call runs") };
    leading.finish();
    let owns = |gate: &Gate| match gate.arrive(INSIDE) {
        Arrival::Defer(deferral) => {
            std::mem::forget(deferral);
            true
        }
        Arrival::Coalesced(_) => false,
        Arrival::Run(_) => panic!("G1: the window is closed"),
    };
    let other = thread::spawn({
        let gate = Arc::clone(&gate);
        move || owns(&gate)
    });
    let here = owns(&gate);
    let there = other.join().expect("no panic");
    seen.met.count_if(there);
    seen.broken.count_if(here && there);
}

#[test]
fn two_calls_own_the_deferral() {
    fails_if_planted(&[G4], "two calls that defer", two_that_defer, "two calls own the deferral");
}

/// A call while a run finishes: what the call left pending stays pending.
fn finish_against_call(seen: &Seen) {
    let gate = Arc::new(Gate::new(THRESHOLD));
    let Arrival::Run(run) = gate.arrive(LEADING) else { panic!("the first call runs") };
    let caller = thread::spawn({
        let gate = Arc::clone(&gate);
        move || {
            let Arrival::Defer(deferral) = gate.arrive(INSIDE) else { panic!("nobody else calls") };
            std::mem::forget(deferral);
        }
    });
    let after = run.finish();
    caller.join().expect("no panic");
    seen.met.count_if(after.is_pending());
    // The fault loses the deferral that the finish overwrote, or the finish that the deferral overwrote.
    seen.broken.count_if(!gate.state().is_pending() || gate.state().is_running());
}

#[test]
fn a_deferral_is_lost() {
    fails_if_planted(&[G3, G4], "a finish against a call that defers", finish_against_call, "a call is lost");
}
