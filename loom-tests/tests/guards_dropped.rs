//! G6: a guard is dropped, by unwinding too, while another thread calls. Nothing is wedged: a later call runs.
//! Nothing is lost: a call that was deferred or coalesced is covered, or visibly owed.

use atomic_throttle::gate::{Arrival, Fired, Gate};
use atomic_throttle::{Epoch, Threshold, Timestamp};
use evidence::Guarantee::{G3, G6};
use evidence::caught;
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread;
use loom_tests::{Bound, DUE, INSIDE, LATER, LEADING, THRESHOLD, Tally, defer, explore, search};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use watchdog as _;

/// A gate, and what a call wrote before it.
struct Shared {
    gate: Gate,
    data: AtomicUsize,
}

/// How a guard ends.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Dropped,
    Unwound,
    /// Planted: the guard is leaked, so that the gate never learns of its end.
    Leaked,
}

fn end<G>(guard: G, how: End) {
    match how {
        End::Dropped => drop(guard),
        End::Unwound => {
            // The panic skips the panic hook, which would print for each execution.
            let unwound = catch_unwind(AssertUnwindSafe(|| {
                let _guard = guard;
                resume_unwind(Box::new("the function panicked"));
            }));
            assert!(unwound.is_err());
        }
        End::Leaked => std::mem::forget(guard),
    }
}

/// What was counted.
#[derive(Clone, Default)]
struct Seen {
    /// The call came before the guard ended.
    before: Tally,
    /// The call came after the guard ended.
    after: Tally,
    /// A later call found the gate wedged.
    wedged: Tally,
    /// The run stayed pending, and nobody owned it.
    orphaned: Tally,
}

/// A call that promises to perform its run. Returns its epoch, or `None` if it ran at once.
fn call(shared: &Shared, now: Timestamp) -> (Option<Epoch>, bool) {
    shared.data.store(1, Relaxed);
    match shared.gate.arrive(now) {
        Arrival::Run(run) => {
            run.finish();
            (None, false)
        }
        Arrival::Coalesced(epoch) => (Some(epoch), false),
        Arrival::Defer(deferral) => {
            let epoch = deferral.epoch();
            std::mem::forget(deferral);
            (Some(epoch), true)
        }
    }
}

/// A run ends like this while another thread calls. There is no threshold, so that nothing but the run keeps
/// the call from running.
fn run_against_call(seen: &Seen, how: End) -> impl Fn() + Send + Sync + use<> {
    let seen = seen.clone();
    move || {
        let shared = Arc::new(Shared { gate: Gate::new(Threshold::ZERO), data: AtomicUsize::new(0) });
        let Arrival::Run(run) = shared.gate.arrive(LEADING) else { panic!("the first call runs") };
        let other = thread::spawn({
            let shared = Arc::clone(&shared);
            move || call(&shared, LEADING)
        });
        end(run, how);
        let (promised, owns) = other.join().expect("no panic");
        seen.before.count_if(promised.is_some());
        seen.after.count_if(promised.is_none());
        if let Some(epoch) = promised {
            assert!(owns && shared.gate.state().is_pending(), "G3: the call is lost");
            match shared.gate.claim(epoch).fire(LEADING) {
                Fired::Run(run) => {
                    assert_eq!(shared.data.load(Relaxed), 1, "G3: the run missed the call");
                    run.finish();
                }
                Fired::Busy(deferral) => {
                    std::mem::forget(deferral);
                    seen.wedged.count();
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn a_run_that_is_dropped() {
    runs("a run that is dropped against a call", End::Dropped);
}

#[test]
fn a_run_that_panics() {
    runs("a run that panics against a call", End::Unwound);
}

fn runs(claim: &str, how: End) {
    let seen = Seen::default();
    explore(Bound::Exhaustive, &[G6, G3], claim, run_against_call(&seen, how))
        .at_least(30)
        .reached(&seen.before, "the call came during the run")
        .reached(&seen.after, "the call came after the run")
        .never(&seen.wedged, "the gate is wedged")
        .passed();
}

#[test]
fn a_run_that_is_leaked_wedges() {
    let seen = Seen::default();
    let executions = search(Bound::Exhaustive, run_against_call(&seen, End::Leaked));
    assert!(seen.wedged.total() > 0, "the planted fault was not found in {executions} executions");
    caught(
        "a guard of a run that does not finish it",
        &format!("loom: the gate is wedged in {} of {executions} executions", seen.wedged.total()),
    );
}

/// An owner ends like this while another thread calls in its window.
fn owner_against_call(seen: &Seen, how: End) -> impl Fn() + Send + Sync + use<> {
    let seen = seen.clone();
    move || {
        let shared = Arc::new(Shared { gate: Gate::new(THRESHOLD), data: AtomicUsize::new(0) });
        let deferral = defer(&shared.gate);
        let other = thread::spawn({
            let shared = Arc::clone(&shared);
            move || call(&shared, INSIDE)
        });
        end(deferral, how);
        let (promised, owns) = other.join().expect("no panic");
        assert!(promised.is_some(), "G1: the window is closed");
        let state = shared.gate.state();
        seen.before.count_if(!owns);
        seen.after.count_if(owns);
        seen.orphaned.count_if(state.is_pending() && !owns);
        assert!(state.is_pending() || state.is_owed(), "G6: the run is lost");
        let Arrival::Run(run) = shared.gate.arrive(DUE) else { panic!("G6: the gate is wedged") };
        assert_eq!(shared.data.load(Relaxed), 1, "G3: the run missed the call");
        run.finish();
        assert!(shared.gate.try_start(LATER).is_ok(), "G6: the gate is wedged");
    }
}

#[test]
fn an_owner_that_drops_its_guard() {
    owners("an owner that drops its guard against a call", End::Dropped);
}

#[test]
fn an_owner_that_panics() {
    owners("an owner that panics against a call", End::Unwound);
}

fn owners(claim: &str, how: End) {
    let seen = Seen::default();
    explore(Bound::Exhaustive, &[G6, G3], claim, owner_against_call(&seen, how))
        .at_least(5)
        .reached(&seen.before, "the call was told that the owner's run covers it")
        .reached(&seen.after, "the call adopted the run")
        .never(&seen.orphaned, "a run is pending that nobody owns")
        .passed();
}

#[test]
fn an_owner_that_is_leaked_leaves_an_orphan() {
    let seen = Seen::default();
    let executions = search(Bound::Exhaustive, owner_against_call(&seen, End::Leaked));
    assert!(seen.orphaned.total() > 0, "the planted fault was not found in {executions} executions");
    caught(
        "a guard of a deferral that does not leave it owed",
        &format!("loom: nobody owns what is pending in {} of {executions} executions", seen.orphaned.total()),
    );
}
