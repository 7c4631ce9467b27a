//! What must happen happens: on the explored graph, under weak fairness.

use evidence::Check;
use evidence::Guarantee::{G3, G5, G6};
use protocol::exploration::{Explored, Space, explore};
use protocol::induction::prove;
use protocol::lease::World;
use protocol::liveness::{
    Assumed, Disturbances, WAITS, nobody_waits_for_ever, nobody_waits_for_ever_in, nothing_is_stuck,
};
use protocol::transitions::SHIPPED;
use watchdog as _;

const MOST: usize = 5;
const MOST_WITH_LEASE: usize = 4;

fn explored(threads: usize, world: World) -> Explored {
    explore(&SHIPPED, threads, Space::Shifted, world).unwrap_or_else(|violation| panic!("{violation}"))
}

#[test]
fn every_deferral_ends() {
    let check = Check::of(
        &[G3, G5],
        format!(
            "liveness: every deferral of 1 to {MOST} threads, if windows end, ends by a run, an acknowledged cancel or its owner's leave, under weak fairness"
        ),
    );
    let mut waiting = 0;
    for threads in 1..=MOST {
        let explored = explored(threads, World::WithoutLease);
        let judged = nobody_waits_for_ever(&explored, Disturbances::FinitelyOften, Assumed::ThreadsGoOn)
            .unwrap_or_else(|violation| panic!("{threads} threads: {violation}"));
        println!("{threads} threads: {judged:?}");
        assert!(judged.components > 0);
        // Some cycle was judged: a cancel and a call that revives the run, for ever.
        assert!(judged.components < judged.waiting);
        waiting += judged.waiting;
    }
    check.passed(waiting, "states");
}

/// A thread that dies or stalls holds up no other one, as long as some thread goes on.
#[test]
fn every_deferral_ends_whoever_dies() {
    for (assumed, goes_on) in [
        (Assumed::CallsArrive, "calls go on to arrive with a time, whoever dies or stalls"),
        (Assumed::OwnerLives, "its owner lives, whoever else dies or stalls"),
    ] {
        let check = Check::of(
            &[G3, G5, G6],
            format!(
                "liveness: with a lease every deferral of 1 to {MOST_WITH_LEASE} threads, if windows and leases end, ends if {goes_on}"
            ),
        );
        let mut waiting = 0;
        for threads in 1..=MOST_WITH_LEASE {
            let explored = explored(threads, World::WithLease);
            let judged = nobody_waits_for_ever(&explored, Disturbances::FinitelyOften, assumed)
                .unwrap_or_else(|violation| panic!("{threads} threads: {violation}"));
            println!("{threads} threads, {assumed:?}: {judged:?}");
            assert!(judged.components > 0);
            assert!(judged.components < judged.waiting);
            waiting += judged.waiting;
        }
        check.passed(waiting, "states");
    }
}

/// The same on the configurations of the proof.
#[test]
fn every_deferral_ends_whoever_of_any_number_dies() {
    let check = Check::of(
        &[G3, G5, G6],
        "liveness: with a lease every deferral of any number of threads ends, if windows and leases end and calls go on or its owner lives, whoever else dies or stalls",
    );
    let proof = prove(&SHIPPED, World::WithLease).unwrap_or_else(|violation| panic!("{violation}"));
    let mut waiting = 0;
    for assumed in [Assumed::CallsArrive, Assumed::OwnerLives] {
        let judged = nobody_waits_for_ever_in(&proof, Disturbances::FinitelyOften, assumed)
            .unwrap_or_else(|violation| panic!("{violation}"));
        assert!(nobody_waits_for_ever_in(&proof, Disturbances::ForEver, assumed).is_err());
        assert!(judged.components < judged.waiting);
        waiting += judged.waiting;
    }
    check.passed(waiting, "configurations");
}

#[test]
fn deaths_wedge_nothing() {
    let check = Check::of(
        &[G5, G6],
        format!(
            "liveness: with a lease, if windows and leases end, fair actions and a call bring 1 to {MOST_WITH_LEASE} threads to rest from every state, whoever died"
        ),
    );
    let mut states = 0;
    for threads in 1..=MOST_WITH_LEASE {
        let explored = explored(threads, World::WithLease);
        let at_rest = nothing_is_stuck(&explored).unwrap_or_else(|violation| panic!("{violation}"));
        assert!(at_rest > 0 && at_rest < explored.systems.len());
        states += explored.systems.len();
    }
    check.passed(states, "states");
}

/// The assumption of the claims is needed: an owner that died fires no more, so a thread has to call.
#[test]
fn a_dead_owner_without_calls_starves() {
    let explored = explored(2, World::WithLease);
    let violation = nobody_waits_for_ever(&explored, Disturbances::FinitelyOften, Assumed::ThreadsGoOn).err();
    assert_eq!(violation.expect("nobody fires").rule, WAITS);
    evidence::caught(
        "an owner that dies, and no call after it",
        "liveness: an execution in which its deferral is pending for ever",
    );
}

/// It holds without the sleep of owners, and for any number of threads: on the configurations of the proof.
#[test]
fn every_deferral_ends_with_any_number_of_threads() {
    let check = Check::of(
        &[G3, G5],
        "liveness: every deferral of any number of threads ends, if windows end and its owner fires again and again, under weak fairness",
    );
    let proof = prove(&SHIPPED, World::WithoutLease).unwrap_or_else(|violation| panic!("{violation}"));
    let judged = nobody_waits_for_ever_in(&proof, Disturbances::FinitelyOften, Assumed::ThreadsGoOn)
        .unwrap_or_else(|violation| panic!("{violation}"));
    assert!(judged.components < judged.waiting);
    assert!(nobody_waits_for_ever_in(&proof, Disturbances::ForEver, Assumed::ThreadsGoOn).is_err());
    check.passed(judged.waiting, "configurations");
}

#[test]
fn nothing_wedges() {
    let check = Check::of(
        &[G5, G6],
        format!(
            "liveness: if windows end, fair actions and a call bring 1 to {MOST} threads to rest from every state"
        ),
    );
    let mut states = 0;
    for threads in 1..=MOST {
        let explored = explored(threads, World::WithoutLease);
        let at_rest = nothing_is_stuck(&explored).unwrap_or_else(|violation| panic!("{violation}"));
        assert!(at_rest > 0 && at_rest < explored.systems.len());
        states += explored.systems.len();
    }
    check.passed(states, "states");
}

/// The assumption of the claim is needed: a clock that goes back again and again starves the owner.
#[test]
fn disturbances_for_ever_starve() {
    let violation =
        nobody_waits_for_ever(&explored(2, World::WithoutLease), Disturbances::ForEver, Assumed::ThreadsGoOn)
            .err();
    let violation = violation.expect("a starved owner");
    assert_eq!(violation.rule, WAITS);
    evidence::caught(
        "a clock that goes back for ever",
        "liveness: an execution in which the owner waits for ever",
    );
}
