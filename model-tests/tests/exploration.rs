//! Everything that one to five threads can reach, and what it has to do with the proof.

use evidence::{Check, depth};
use model_tests::act::Act;
use model_tests::canonical::{self, canonical, relocate};
use model_tests::exploration::{Explored, Move, Space, explore};
use model_tests::induction::prove;
use model_tests::system::{Operation, System};
use model_tests::transitions::{SHIPPED, Told, kind};

const MOST: usize = 5;

fn explored(threads: usize) -> Explored {
    explore(&SHIPPED, threads, Space::Shifted).unwrap_or_else(|violation| panic!("{violation}"))
}

fn all_that_is_reached_by(threads: usize) {
    let plural = if threads == 1 { "thread" } else { "threads" };
    let check = Check::of(
        "G1 G2 G3 G4",
        format!("exploration: all that {threads} {plural} can reach holds the invariants, starts spaced"),
    );
    let explored = explored(threads);
    println!("{threads} threads: {} states, {} transitions", explored.systems.len(), explored.moves.len());
    // It did what it is about.
    for told in [Told::Run, Told::Coalesced, Told::Owed, Told::Cancelled, Told::Busy, Told::Yes] {
        assert!(explored.moves.iter().any(|step| step.told == told), "{told:?}");
    }
    let gone = explored.moves.iter().filter(|step| step.told == Told::Gone).count();
    assert_eq!(gone > 0, threads > 1, "an owner that was overtaken needs somebody to overtake it");
    check.passed(explored.systems.len(), "states");
}

#[test]
fn one_thread() {
    all_that_is_reached_by(1);
}

#[test]
fn two_threads() {
    all_that_is_reached_by(2);
}

#[test]
fn three_threads() {
    all_that_is_reached_by(3);
}

#[test]
fn four_threads() {
    all_that_is_reached_by(4);
}

#[test]
fn five_threads() {
    all_that_is_reached_by(MOST);
}

/// The proof is about these systems: it has taken each step that they take, and ended where they end.
#[test]
fn every_explored_step_is_one_that_the_proof_took() {
    let check = Check::of(
        "G1 G2 G3 G4",
        format!("exploration: every step of {MOST} threads is one that the induction has taken"),
    );
    let proof = prove(&SHIPPED).unwrap_or_else(|violation| panic!("{violation}"));
    let mut steps = 0;
    for system in &explored(MOST).systems {
        for operation in system.operations(&canonical::surroundings(system)) {
            let Some((next, told)) = perform(system, operation) else { continue };
            let act = system.act(operation);
            assert!(proof.knows(system, act, told, &next), "{act:?} in {system:?} to {next:?}");
            steps += 1;
        }
    }
    check.passed(steps, "transitions");
}

/// What is explored stands for all that is shifted: later starts, owners of much older epochs, a clock
/// that is far behind or far ahead.
#[test]
fn a_shifted_system_does_the_same() {
    let check =
        Check::of("G1 G2 G3 G4", format!("exploration: shifts of time change no step of {MOST} threads"));
    let mut steps = 0;
    for system in &explored(MOST).systems {
        for shifted in shifts(system) {
            let here = system.operations(&canonical::surroundings(system));
            let there = shifted.operations(&canonical::surroundings(&shifted));
            assert_eq!(here.len(), there.len());
            for (here, there) in here.into_iter().zip(there) {
                let done = |system, operation| {
                    perform(system, operation).map(|(next, told)| (canonical(next), kind(told)))
                };
                assert_eq!(done(system, here), done(&shifted, there), "{here:?} in {system:?}, {shifted:?}");
                steps += 1;
            }
        }
    }
    check.passed(steps, "transitions");
}

fn perform(system: &System, operation: Operation) -> Option<(System, Told)> {
    system.perform(&SHIPPED, operation).unwrap_or_else(|violation| panic!("{violation}"))
}

fn shifts(system: &System) -> Vec<System> {
    let mut shifts = Vec::new();
    if canonical::is_past_every_window(system) {
        shifts.push(System { now: system.now + 1_000_000, ..system.clone() });
    }
    if system.last() == 0 {
        return shifts;
    }
    if system.now < system.last() {
        shifts.push(System { now: 0, ..system.clone() });
    }
    let far = 1 << 45;
    for (last, apart) in [(17, 1), (1_000, 3), (far, 1 << 20)] {
        let mut shifted = system.clone();
        relocate(&mut shifted, last, &|rank| last - (rank + 1) * apart);
        shifted.tidy();
        shifts.push(shifted);
    }
    shifts
}

/// The same without a shift, up to some time: every system by its own numbers. Each of them is one that
/// the exploration with shifts has met.
#[test]
fn without_shifts() {
    let (threads, latest) = depth((3, 5), (4, 7));
    let check = Check::of(
        "G1 G2 G3 G4",
        format!("exploration: all that {threads} threads can reach up to time {latest}, nothing shifted"),
    );
    let unshifted =
        explore(&SHIPPED, threads, Space::UpTo(latest)).unwrap_or_else(|violation| panic!("{violation}"));
    let shifted = explored(threads);
    println!("{} states, {} transitions", unshifted.systems.len(), unshifted.moves.len());
    for system in &unshifted.systems {
        assert!(shifted.holds(&canonical(system.clone())), "{system:?}");
    }
    assert!(unshifted.systems.len() > shifted.systems.len());
    check.passed(unshifted.systems.len(), "states");
}

/// Not everything was left out: what the explorations do includes each act.
#[test]
fn every_act_is_explored() {
    let explored = explored(2);
    for act in Act::ALL {
        let of_act = |step: &&Move| explored.systems[step.from].act(step.operation) == act;
        let taken = explored.moves.iter().filter(of_act).count();
        assert_eq!(taken > 0, act != Act::Finish { current: false }, "{act:?}");
    }
}
