//! Everything that one to five threads can reach, and what it has to do with the proof.

use evidence::Guarantee::{G1, G2, G3, G4, G6};
use evidence::{Check, depth};
use protocol::act::Act;
use protocol::canonical::{self, canonical, relocate};
use protocol::exploration::{Explored, Space, SystemStep, explore};
use protocol::induction::prove;
use protocol::lease::World;
use protocol::system::{Operation, System, Thread};
use protocol::transitions::{SHIPPED, Told, kind};
use watchdog as _;

const MOST: usize = 5;
const MOST_WITH_LEASE: usize = 4;

fn explored(threads: usize, world: World) -> Explored {
    explore(&SHIPPED, threads, Space::Shifted, world).unwrap_or_else(|violation| panic!("{violation}"))
}

fn all_that_is_reached_by(threads: usize) {
    let plural = if threads == 1 { "thread" } else { "threads" };
    let check = Check::of(
        &[G1, G2, G3, G4],
        format!("exploration: all that {threads} {plural} can reach holds the invariants, starts spaced"),
    );
    let explored = explored(threads, World::WithoutLease);
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
        &[G1, G2, G3, G4],
        format!("exploration: every step of {MOST} threads is one that the induction has taken"),
    );
    check.passed(steps_that_the_proof_took(World::WithoutLease, MOST), "transitions");
}

#[test]
fn every_explored_step_with_a_lease_is_one_that_the_proof_took() {
    let check = Check::of(
        &[G1, G2, G3, G4],
        format!(
            "exploration: every step of {MOST_WITH_LEASE} threads that die, with a lease, is one that the induction has taken"
        ),
    );
    check.passed(steps_that_the_proof_took(World::WithLease, MOST_WITH_LEASE), "transitions");
}

fn steps_that_the_proof_took(world: World, threads: usize) -> usize {
    let proof = prove(&SHIPPED, world).unwrap_or_else(|violation| panic!("{violation}"));
    let mut steps = 0;
    for system in &explored(threads, world).systems {
        for operation in system.operations(&canonical::surroundings(system)) {
            let Some((next, told)) = perform(system, operation) else { continue };
            let act = system.act(operation);
            assert!(proof.knows(system, act, told, &next), "{act:?} in {system:?} to {next:?}");
            steps += 1;
        }
    }
    steps
}

/// What is explored stands for all that is shifted: later starts, owners of much older epochs, a clock
/// that is far behind or far ahead.
#[test]
fn a_shifted_system_does_the_same() {
    let check =
        Check::of(&[G1, G2, G3, G4], format!("exploration: shifts of time change no step of {MOST} threads"));
    check.passed(steps_when_shifted(World::WithoutLease, MOST), "transitions");
}

#[test]
fn a_shifted_system_with_a_lease_does_the_same() {
    let check = Check::of(
        &[G1, G2, G3, G4],
        format!(
            "exploration: shifts of time change no step of {MOST_WITH_LEASE} threads that die, with a lease"
        ),
    );
    check.passed(steps_when_shifted(World::WithLease, MOST_WITH_LEASE), "transitions");
}

fn steps_when_shifted(world: World, threads: usize) -> usize {
    let mut steps = 0;
    for system in &explored(threads, world).systems {
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
    steps
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
        &[G1, G2, G3, G4],
        format!("exploration: all that {threads} threads can reach up to time {latest}, nothing shifted"),
    );
    let unshifted = explore(&SHIPPED, threads, Space::UpTo(latest), World::WithoutLease)
        .unwrap_or_else(|violation| panic!("{violation}"));
    let shifted = explored(threads, World::WithoutLease);
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
    let taken = |explored: &Explored, act| {
        let of_act = |step: &&SystemStep| explored.systems[step.from].act(step.operation) == act;
        explored.moves.iter().filter(of_act).count()
    };
    let (without, with) = (explored(2, World::WithoutLease), explored(2, World::WithLease));
    for act in Act::ALL {
        assert_eq!(taken(&without, act) > 0, act.is_of(World::WithoutLease), "{act:?}");
        assert_eq!(taken(&with, act) > 0, act.is_of(World::WithLease), "{act:?}");
    }
}

/// Without a shift the stamps of runs that were superseded keep their distance: so the promise can be read
/// off two living runs, without the word and without the history.
#[test]
fn runs_that_overlap_are_a_lease_apart() {
    let (threads, latest) = depth((3, 5), (4, 7));
    let check = Check::of(
        &[G2],
        format!(
            "exploration: of {threads} threads that die, up to time {latest}, two runs in progress at once started a lease apart"
        ),
    );
    let explored = explore(&SHIPPED, threads, Space::UpTo(latest), World::WithLease)
        .unwrap_or_else(|violation| panic!("{violation}"));
    println!("{} states, {} transitions", explored.systems.len(), explored.moves.len());
    let mut pairs = 0;
    for system in &explored.systems {
        let started = |thread: &Thread| match thread {
            Thread::Runs { epoch } => Some(*epoch),
            _ => None,
        };
        let mut runs: Vec<u64> = system.threads.iter().filter_map(started).collect();
        runs.sort_unstable();
        for pair in runs.windows(2) {
            assert!(pair[1] - pair[0] >= system.lease.expect("a lease"), "{system:?}");
            pairs += 1;
        }
    }
    assert!(pairs > 100, "runs overlap");
    check.passed(explored.systems.len(), "states");
}

fn all_that_is_reached_with_a_lease_by(threads: usize) {
    let plural = if threads == 1 { "thread" } else { "threads" };
    let check = Check::of(
        &[G1, G2, G3, G4, G6],
        format!(
            "exploration: with a lease, all that {threads} {plural} can reach, dying at any step, holds the invariants; runs overlap only after a lease"
        ),
    );
    let explored = explored(threads, World::WithLease);
    println!("{threads} threads: {} states, {} transitions", explored.systems.len(), explored.moves.len());
    let (systems, moves) = (&explored.systems, &explored.moves);
    let supersedes = |step: &&SystemStep| step.told == Told::Run && systems[step.from].state().is_running();
    assert!(moves.iter().filter(supersedes).count() > 0, "a run is superseded");
    let runs = |system: &System| system.threads.iter().filter(|t| matches!(t, Thread::Runs { .. })).count();
    assert!(systems.iter().any(|system| runs(system) == threads), "all of them run at once");
    let late = moves.iter().filter(|step| step.told == Told::Ignored).count();
    assert_eq!(late > 0, threads > 1, "a late finish needs somebody who superseded it");
    let orphaned = |system: &&System| {
        let owned = (0..threads).any(|thread| system.is_owner(thread));
        system.state().is_pending() && !owned
    };
    assert!(systems.iter().filter(orphaned).count() > 0, "an owner dies");
    check.passed(systems.len(), "states");
}

#[test]
fn one_thread_with_a_lease() {
    all_that_is_reached_with_a_lease_by(1);
}

#[test]
fn two_threads_with_a_lease() {
    all_that_is_reached_with_a_lease_by(2);
}

#[test]
fn three_threads_with_a_lease() {
    all_that_is_reached_with_a_lease_by(3);
}

#[test]
fn four_threads_with_a_lease() {
    all_that_is_reached_with_a_lease_by(MOST_WITH_LEASE);
}
