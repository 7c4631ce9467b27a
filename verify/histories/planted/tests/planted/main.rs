//! Faults that a hook plants below the gate and the throttle: their histories must be rejected. Without a fault the
//! histories must be accepted, with threads that yield before each access to the word.

#[cfg(not(atomic_throttle_hook))]
compile_error!(
    "run this with `cargo test` inside `verify/histories/planted`, where .cargo/config.toml sets the flag"
);

mod fault;
#[path = "../../../tests/play/gate.rs"]
mod play_gate;
#[path = "../../../tests/play/throttle.rs"]
mod play_throttle;

use atomic_throttle::{
    Clock, Coalesced, Manual, Moved, NotFlushed, Outcome, Threshold, Throttle, Timestamp, WaitError, gate,
    state,
};
use evidence::Guarantee::{G1, G2, G3, G4};
use fault::{Fault, LOST_RACES, plant};
use histories::gate_spec::GateSpec;
use histories::reached::Reached;
use histories::seeds::seeds;
use histories::throttle_spec::ThrottleSpec;
use histories::{script, throttle_script};
use std::sync::atomic::Ordering::Relaxed;
use watchdog as _;

/// How many histories each fault gets. If none of them is rejected, it gets up to ten times as many: the
/// machine decides how often threads meet.
const HISTORIES: usize = 400;

/// Plays histories on a gate with `fault` and on a throttle with it, and returns how many of each were
/// rejected, and of how many.
fn rejected(fault: Fault) -> (usize, usize, usize) {
    let (mut of_gate, mut of_throttle, mut histories) = (0, 0, 0);
    for seed in seeds().take(10 * HISTORIES) {
        if histories >= HISTORIES && of_gate > 0 && of_throttle > 0 {
            break;
        }
        histories += 1;
        let plan = script::Plan::random(seed);
        let history = play_gate::play(&plan, seed, |seed| plant(fault, seed));
        if !history.is_linearizable(GateSpec::new(history.threshold)) {
            of_gate += 1;
        }
        let plan = throttle_script::Plan::bounded(seed);
        let history = play_throttle::play(&plan, seed, |seed| plant(fault, seed));
        if !history.is_linearizable(ThrottleSpec::new(history.threshold)) {
            of_throttle += 1;
        }
    }
    println!("{fault:?}: {of_gate} of a gate and {of_throttle} of a throttle, of {histories}");
    (of_gate, of_throttle, histories)
}

fn assert_found(fault: Fault, what: &str) {
    let (of_gate, of_throttle, histories) = rejected(fault);
    assert!(of_gate > 0, "{fault:?}: no history of a gate was rejected");
    assert!(of_throttle > 0, "{fault:?}: no history of a throttle was rejected");
    let how = format!("{of_gate} histories of a gate and {of_throttle} of a throttle, of {histories} each");
    evidence::caught(what, &format!("histories: rejected are {how}"));
}

#[test]
fn a_compare_and_swap_by_load_and_store_is_found() {
    assert_found(Fault::LoadThenStore, "a compare-and-swap made of a load and a store");
}

#[test]
fn a_finish_by_load_and_store_is_found() {
    assert_found(Fault::FinishByStore, "a finish made of a load and a store");
}

#[test]
fn an_ignored_failure_is_found() {
    assert_found(Fault::FailureIgnored, "a failed compare-and-swap that is taken as done");
}

#[test]
fn a_stale_load_is_found() {
    assert_found(Fault::StaleLoad, "loads that return what the thread saw last");
}

#[test]
fn without_a_fault_all_are_accepted() {
    let check = evidence::Check::of(
        &[G1, G2, G3, G4],
        "histories: threads that yield before each access to the word, each history linearizable",
    );
    let mut reached = Reached::default();
    for seed in seeds().take(evidence::depth(1_500, 30_000)) {
        let plan = script::Plan::random(seed);
        let history = play_gate::play(&plan, seed, |seed| plant(Fault::Nothing, seed));
        history.assert_linearizable(&GateSpec::new(history.threshold));
        reached.add(&history);
        let plan = throttle_script::Plan::random(seed);
        let history = play_throttle::play(&plan, seed, |seed| plant(Fault::Nothing, seed));
        history.assert_linearizable(&ThrottleSpec::new(history.threshold));
        reached.add(&history);
    }
    println!("{reached}");
    let lost = LOST_RACES.load(Relaxed);
    println!("{lost} compare-and-swaps lost to another thread");
    assert!(lost * 10 > reached.histories, "the threads hardly meet at the word");
    check.passed(reached.histories, "histories");
}
