//! What must happen happens: on the explored graph, under weak fairness.

use evidence::Check;
use model_tests::exploration::{Explored, Space, explore};
use model_tests::induction::prove;
use model_tests::liveness::{
    Disturbances, WAITS, nobody_waits_for_ever, nobody_waits_for_ever_in, nothing_is_stuck,
};
use model_tests::transitions::SHIPPED;

const MOST: usize = 5;

fn explored(threads: usize) -> Explored {
    explore(&SHIPPED, threads, Space::Shifted).unwrap_or_else(|violation| panic!("{violation}"))
}

#[test]
fn every_deferral_ends() {
    let check = Check::of(
        "G3 G5",
        format!(
            "liveness: every deferral of 1 to {MOST} threads, if windows end, ends by a run, an acknowledged cancel or its owner's leave, under weak fairness"
        ),
    );
    let mut waiting = 0;
    for threads in 1..=MOST {
        let judged = nobody_waits_for_ever(&explored(threads), Disturbances::FinitelyOften)
            .unwrap_or_else(|violation| panic!("{threads} threads: {violation}"));
        println!("{threads} threads: {judged:?}");
        assert!(judged.components > 0);
        // Some cycle was judged: a cancel and a call that revives the run, for ever.
        assert!(judged.components < judged.waiting);
        waiting += judged.waiting;
    }
    check.passed(waiting, "states");
}

/// Without the sleep of owners, and for any number of threads: on the configurations of the proof.
#[test]
fn every_deferral_ends_with_any_number_of_threads() {
    let check = Check::of(
        "G3 G5",
        "liveness: every deferral of any number of threads ends, if windows end and its owner fires again and again, under weak fairness",
    );
    let proof = prove(&SHIPPED).unwrap_or_else(|violation| panic!("{violation}"));
    let judged = nobody_waits_for_ever_in(&proof, Disturbances::FinitelyOften)
        .unwrap_or_else(|violation| panic!("{violation}"));
    assert!(judged.components < judged.waiting);
    assert!(nobody_waits_for_ever_in(&proof, Disturbances::ForEver).is_err());
    check.passed(judged.waiting, "configurations");
}

#[test]
fn nothing_wedges() {
    let check = Check::of(
        "G5 G6",
        format!(
            "liveness: if windows end, fair actions and a call bring 1 to {MOST} threads to rest from every state"
        ),
    );
    let mut states = 0;
    for threads in 1..=MOST {
        let explored = explored(threads);
        let at_rest = nothing_is_stuck(&explored).unwrap_or_else(|violation| panic!("{violation}"));
        assert!(at_rest > 0 && at_rest < explored.systems.len());
        states += explored.systems.len();
    }
    check.passed(states, "states");
}

/// What the claim assumes is needed: a clock that goes back again and again starves the owner.
#[test]
fn disturbances_for_ever_starve() {
    let violation = nobody_waits_for_ever(&explored(2), Disturbances::ForEver).err();
    let violation = violation.expect("a starved owner");
    assert_eq!(violation.rule, WAITS);
    evidence::caught(
        "a clock that goes back for ever",
        "liveness: an execution in which the owner waits for ever",
    );
}
