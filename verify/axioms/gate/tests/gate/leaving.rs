//! G3 where the owner does not perform the run: a call revives what was cancelled, or coalesces into what
//! is abandoned at that moment.

use crate::recorded::{DECISION, Planted};
use crate::scenario::{DUE, INSIDE, Scenario, Shared, pending};
use atomic_throttle::State;
use atomic_throttle::gate::{Arrival, Fired};
use axioms::FinalState;
use evidence::Check;
use evidence::Guarantee::G3;
use std::sync::atomic::Ordering::{AcqRel, Relaxed};

pub const CALLER: usize = 0;
pub const OWNER: usize = 1;
pub const STARTER: usize = 2;
const CANCELLER: usize = 2;

const COALESCED: u64 = 1;
const DID_NOT_RUN: u64 = 9;

pub type Call = fn(&Shared) -> [u64; 1];

pub fn arrives(shared: &Shared) -> [u64; 1] {
    shared.write();
    match shared.gate.arrive(INSIDE) {
        Arrival::Run(_) => panic!("G1: the window is closed"),
        Arrival::Coalesced(_) => [COALESCED],
        Arrival::Defer(deferral) => {
            // The run stays pending.
            std::mem::forget(deferral);
            [0]
        }
    }
}

pub fn coalesces(shared: &Shared) -> [u64; 1] {
    shared.write();
    [if shared.gate.coalesce().is_some() { COALESCED } else { 0 }]
}

fn fires(shared: &Shared) -> [u64; 1] {
    match shared.gate.claim(pending().epoch()).fire(DUE) {
        Fired::Run(run) => {
            let seen = shared.read();
            run.finish();
            [seen]
        }
        Fired::Cancelled => [DID_NOT_RUN],
        other => panic!("it is due: {other:?}"),
    }
}

/// The run was cancelled, and the owner has not noticed yet.
pub fn call_against_cancelled_owner() -> Scenario {
    let mut scenario = Scenario::new(pending().cancel().0, &[]);
    scenario.thread(arrives);
    scenario.thread(fires);
    scenario
}

/// A third thread cancels the run.
pub fn call_against_fire_and_cancel(planted: &[(usize, Planted)]) -> Scenario {
    let mut scenario = Scenario::new(pending(), planted);
    scenario.thread(arrives);
    scenario.thread(fires);
    scenario.thread(|shared| [shared.gate.cancel().into()]);
    scenario
}

/// The owner leaves, and a third thread starts a run.
pub fn call_against_leaving_owner(call: Call, planted: &[(usize, Planted)]) -> Scenario {
    let mut scenario = Scenario::new(pending(), planted);
    scenario.thread(call);
    scenario.thread(|shared| {
        drop(shared.gate.claim(pending().epoch()));
        []
    });
    scenario.thread(|shared| {
        let run = shared.gate.try_start(DUE).expect("the window is over");
        let seen = shared.read();
        run.finish();
        [seen]
    });
    scenario
}

/// In the end a run is pending or owed.
fn still_due(outcome: &FinalState) -> bool {
    let word = State::from_word(outcome.memory[0]);
    word.is_pending() || word.is_owed()
}

/// The call revived the run, and the run has not seen it.
pub fn unseen(outcome: &FinalState) -> bool {
    outcome.threads[CALLER] == [COALESCED] && outcome.threads[OWNER] != [1]
}

#[test]
fn a_call_that_revives_a_cancelled_run_is_seen_by_it() {
    let check =
        Check::of(&[G3], "RC11, the gate's source: a call that revives a cancelled run is seen by it");
    let judgement = call_against_cancelled_owner().judge();
    let told = |o: &FinalState| o.threads[CALLER] == [COALESCED];
    assert!(judgement.count(told) > 0, "the call revives the run");
    assert_eq!(judgement.count(unseen), 0);
    assert!(judgement.count(|o| o.threads[OWNER] == [DID_NOT_RUN]) > 0, "the owner leaves first");
    assert_eq!(judgement.count(|o| o.threads[OWNER] == [DID_NOT_RUN] && !still_due(o)), 0);
    check.passed(judgement.executions, "executions");
}

/// The call coalesced, but no run has seen it, and it was not cancelled.
pub fn lost(outcome: &FinalState) -> bool {
    let covered = match outcome.threads[OWNER][0] {
        DID_NOT_RUN => outcome.threads[CANCELLER] == [1],
        seen => seen == 1,
    };
    outcome.threads[CALLER] == [COALESCED] && !covered
}

#[test]
fn a_call_between_a_cancel_and_a_start_is_not_lost() {
    let what = "RC11, the gate's source: a call between a cancel and a start is seen, or cancelled";
    let check = Check::of(&[G3], what);
    let judgement = call_against_fire_and_cancel(&[]).judge();
    let revived = |o: &FinalState| o.threads == [[COALESCED], [1], [1]];
    assert!(judgement.count(revived) > 0, "the call revives the run");
    assert_eq!(judgement.count(lost), 0);
    check.passed(judgement.executions, "executions");
}

#[test]
fn with_a_weaker_fence_it_is_lost() {
    for order in [Relaxed, AcqRel] {
        for (thread, at) in [(CALLER, DECISION), (OWNER, "START")] {
            let judgement = call_against_fire_and_cancel(&[(thread, Planted { at, order })]).judge();
            let (lost, of) = (judgement.count(lost), judgement.executions);
            assert!(lost > 0, "{at}, {order:?}");
            let fault = format!("between a cancel and a start: {}", Planted { at, order });
            evidence::caught(&fault, &format!("RC11: a call is lost in {lost} of {of} executions"));
        }
    }
}

pub fn missed(outcome: &FinalState) -> bool {
    outcome.threads[CALLER] == [COALESCED] && outcome.threads[STARTER] == [0] && !still_due(outcome)
}

#[test]
fn a_call_that_coalesces_while_the_owner_leaves_is_seen_by_the_next_run() {
    for (name, call) in [("coalesce", coalesces as fn(&Shared) -> _), ("arrive", arrives)] {
        let what = format!(
            "RC11, the gate's source: {name} while the owner leaves is seen by the next run, or owed"
        );
        let check = Check::of(&[G3], what);
        let judgement = call_against_leaving_owner(call, &[]).judge();
        assert!(judgement.count(|o| o.threads[CALLER] == [COALESCED]) > 0, "{name} is told coalesced");
        assert_eq!(judgement.count(missed), 0, "{name}");
        check.passed(judgement.executions, "executions");
    }
}

#[test]
fn with_a_weaker_fence_it_is_missed() {
    for order in [Relaxed, AcqRel] {
        for (thread, at) in [(CALLER, DECISION), (STARTER, "START")] {
            let judgement = call_against_leaving_owner(coalesces, &[(thread, Planted { at, order })]).judge();
            let (missed, of) = (judgement.count(missed), judgement.executions);
            assert!(missed > 0, "{at}, {order:?}");
            let fault = format!("while the owner leaves: {}", Planted { at, order });
            evidence::caught(&fault, &format!("RC11: an update is missed in {missed} of {of} executions"));
        }
    }
}
