//! G3: for each kind of call, the run that takes over what the call left pending or owed, or that the call coalesces
//! into, sees what the caller wrote (relaxed) before it.

use atomic_throttle::Timestamp;
use atomic_throttle::gate::{Arrival, Gate};
use evidence::Guarantee::G3;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread;
use loom_tests::{Bound, DUE, INSIDE, THRESHOLD, Tally, explore, lead};
use watchdog as _;

/// The owner keeps its guard: the pending run is taken over.
fn keep(arrival: Arrival<'_>) {
    match arrival {
        Arrival::Run(_) => panic!("G1: the window is closed"),
        Arrival::Defer(deferral) => std::mem::forget(deferral),
        Arrival::Coalesced(_) => {}
    }
}

/// `call` comes inside the window while another thread starts a run at its end.
fn call_against_start(name: &str, call: fn(&Gate)) {
    against_start(&format!("a run against a call by `{name}` that it covers"), 1000, |_| (), call);
}

/// The same, where a run is pending already. Such a call moves nothing, so only its fence shows what was written.
fn coalescing_against_start(name: &str, call: fn(&Gate)) {
    let claim = format!("a run against a call by `{name}` that coalesces into it");
    against_start(&claim, 40, |gate| _ = gate.request(), call);
}

fn against_start(claim: &str, executions: usize, prepare: fn(&Gate), call: fn(&Gate)) {
    let (before, after) = (Tally::new(), Tally::new());
    let (before_in, after_in) = (before.clone(), after.clone());
    explore(Bound::Exhaustive, &[G3], claim, move || {
        let shared = Arc::new((Gate::new(THRESHOLD), AtomicUsize::new(0)));
        lead(&shared.0);
        prepare(&shared.0);
        let caller = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                shared.1.store(1, Relaxed);
                call(&shared.0);
            }
        });
        let run = shared.0.try_start(DUE).expect("the window is over");
        let seen = shared.1.load(Relaxed);
        run.finish();
        caller.join().expect("no panic");

        let state = shared.0.state();
        let still_due = state.is_pending() || state.is_owed();
        assert!(seen == 1 || still_due, "G3: the call is lost");
        before_in.count_if(!still_due);
        after_in.count_if(still_due);
    })
    .at_least(executions)
    .reached(&before, "the call came before the start")
    .reached(&after, "the call came after the start")
    .passed();
}

fn arrive(gate: &Gate) {
    keep(gate.arrive(INSIDE));
}

fn arrive_by(gate: &Gate) {
    let latest = Timestamp::from_nanos(100);
    keep(gate.arrive_by(INSIDE, latest).expect("it is due before that"));
}

fn request(gate: &Gate) {
    let (_, epoch) = gate.request();
    std::mem::forget(gate.claim(epoch));
}

fn owe(gate: &Gate) {
    let _ = gate.owe();
}

#[test]
fn by_arrive() {
    call_against_start("arrive", arrive);
}

#[test]
fn by_arrive_by() {
    call_against_start("arrive_by", arrive_by);
}

#[test]
fn by_request() {
    call_against_start("request", request);
}

#[test]
fn by_owe() {
    call_against_start("owe", owe);
}

#[test]
fn by_arrive_that_coalesces() {
    coalescing_against_start("arrive", arrive);
}

#[test]
fn by_arrive_by_that_coalesces() {
    coalescing_against_start("arrive_by", arrive_by);
}

#[test]
fn by_request_that_coalesces() {
    coalescing_against_start("request", request);
}

#[test]
fn by_owe_that_coalesces() {
    coalescing_against_start("owe", owe);
}
