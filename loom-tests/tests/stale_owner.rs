//! G4 over two windows: the owner of the first epoch comes too late, and has no part in the deferral of the
//! second, whether it fires, leaves, or was cancelled and has not noticed.

use atomic_throttle::gate::{Arrival, Deferral, Fired, Gate};
use atomic_throttle::state::Abandon;
use evidence::Guarantee::G4;
use evidence::caught;
use loom::thread;
use loom_tests::{Bound, DUE, SECOND_DUE, SECOND_INSIDE, THRESHOLD, Tally, defer, explore, search};
use std::sync::Arc;
use watchdog as _;

/// What became of the owner of the first epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Left {
    Ran,
    Gone,
    Cancelled,
    Owed,
}

/// How the owner of the first epoch ends.
type Leave = fn(&Gate, Deferral<'_>) -> Left;

/// Takes over the first window unless its owner has run, owns the deferral of the second, and fires it.
/// Returns whether it had lost that deferral.
fn own_the_second_window(gate: &Gate) -> bool {
    let arrival = match gate.arrive(DUE) {
        Arrival::Run(run) => {
            run.finish();
            gate.arrive(SECOND_INSIDE)
        }
        // The owner of the first epoch runs, or has run.
        arrival => arrival,
    };
    let Arrival::Defer(deferral) = arrival else { panic!("nobody else defers: {arrival:?}") };
    match deferral.fire(SECOND_DUE) {
        Fired::Run(run) => {
            run.finish();
            false
        }
        Fired::Busy(deferral) => {
            // The owner of the first epoch still runs.
            std::mem::forget(deferral);
            false
        }
        Fired::Gone | Fired::Cancelled => true,
        Fired::Early { due, .. } => panic!("G1: the window of the second epoch ends at {due:?}"),
    }
}

/// What was counted.
#[derive(Clone, Default)]
struct Seen {
    /// The owner of the first epoch found that its epoch was over.
    gone: Tally,
    /// The owner of the first epoch came in time.
    in_time: Tally,
    /// The owner of the second epoch lost its deferral to it.
    stolen: Tally,
}

fn model(seen: &Seen, before: fn(&Gate), leave: Leave) -> impl Fn() + Send + Sync + use<> {
    let seen = seen.clone();
    move || {
        let gate = Arc::new(Gate::new(THRESHOLD));
        let first = defer(&gate);
        before(&gate);
        let other = thread::spawn({
            let gate = Arc::clone(&gate);
            move || own_the_second_window(&gate)
        });
        let left = leave(&gate, first);
        seen.stolen.count_if(other.join().expect("no panic"));
        seen.gone.count_if(left == Left::Gone);
        seen.in_time.count_if(left != Left::Gone);
        assert!(!gate.state().is_running());
    }
}

fn has_no_part(claim: &str, before: fn(&Gate), leave: Leave) {
    let seen = Seen::default();
    explore(Bound::Exhaustive, &[G4], claim, model(&seen, before, leave))
        .at_least(2000)
        .reached(&seen.gone, "the owner of the first epoch came too late")
        .reached(&seen.in_time, "the owner of the first epoch came in time")
        .never(&seen.stolen, "the owner of the second epoch lost its deferral")
        .passed();
}

fn cancel(gate: &Gate) {
    assert!(gate.cancel());
}

fn fire(deferral: Deferral<'_>) -> Left {
    match deferral.fire(DUE) {
        Fired::Run(run) => {
            run.finish();
            Left::Ran
        }
        Fired::Gone => Left::Gone,
        Fired::Cancelled => Left::Cancelled,
        Fired::Busy(_) | Fired::Early { .. } => panic!("G4: its own epoch has no run but its own"),
    }
}

fn abandon(deferral: Deferral<'_>) -> Left {
    match deferral.abandon() {
        Abandon::Owed => Left::Owed,
        Abandon::Cancelled => Left::Cancelled,
        Abandon::Gone => Left::Gone,
    }
}

#[test]
fn that_fires() {
    has_no_part("an owner that fires too late", |_| (), |_, deferral| fire(deferral));
}

#[test]
fn that_leaves() {
    has_no_part("an owner that leaves too late", |_| (), |_, deferral| abandon(deferral));
}

#[test]
fn that_was_cancelled_and_fires() {
    has_no_part("a cancelled owner that fires in the next epoch", cancel, |_, deferral| {
        let left = fire(deferral);
        assert!(matches!(left, Left::Cancelled | Left::Gone), "{left:?} after a cancel");
        left
    });
}

#[test]
fn that_was_cancelled_and_leaves() {
    has_no_part("a cancelled owner that leaves in the next epoch", cancel, |_, deferral| {
        let left = abandon(deferral);
        assert!(matches!(left, Left::Cancelled | Left::Gone), "{left:?} after a cancel");
        left
    });
}

/// Planted: an owner takes any deferral that it finds for its own.
#[test]
fn that_looks_at_no_epoch_steals() {
    let seen = Seen::default();
    let leave: Leave = |gate, first| {
        std::mem::forget(first);
        abandon(gate.claim(gate.state().epoch()))
    };
    let executions = search(Bound::Preemptions(3), model(&seen, |_| (), leave));
    let stolen = seen.stolen.total();
    assert!(stolen > 0, "the planted fault was not found in {executions} executions");
    caught(
        "an owner that leaves in the epoch that it finds",
        &format!("loom: another owner's deferral is lost in {stolen} of {executions} executions"),
    );
}
