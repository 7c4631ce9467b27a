//! The proof: whatever any number of threads did before, with any threshold, the next step keeps the
//! invariants and the promises.

use evidence::Check;
use evidence::Guarantee::{G1, G2, G3, G4, G6};
use protocol::act::Act;
use protocol::configuration::{
    Configuration, Count, Guards, LEASED_OWNER, LEASED_RUN, LOST, OWNER, PAST, RUN,
};
use protocol::induction::{Proof, prove};
use protocol::lease::{LeasePhase, World};
use protocol::transitions::{SHIPPED, Told};
use protocol::window::Window;
use protocol::word::Deferred;
use std::collections::HashSet;
use watchdog as _;

fn proof(world: World) -> Proof {
    prove(&SHIPPED, world).unwrap_or_else(|violation| panic!("{violation}"))
}

#[test]
fn every_step_from_every_configuration_keeps_the_invariants() {
    let check = Check::of(
        &[G1, G2, G3, G4],
        "induction: any number of threads, any threshold: every act in every configuration keeps the invariants",
    );
    let proof = proof(World::WithoutLease);
    // Three windows, two values of r, three counts of older owners; uncovered or not where a run is due.
    let by_deferred = |deferred: Deferred| if deferred.is_due() { 2 } else { 1 };
    let expected = 3 * 2 * 3 * Deferred::ALL.map(by_deferred).iter().sum::<usize>();
    assert_eq!(proof.configurations.len(), expected);
    check.passed(proof.configurations.len(), "configurations");
}

#[test]
fn every_step_with_a_lease_keeps_the_invariants() {
    let check = Check::of(
        &[G1, G2, G3, G4, G6],
        "induction: with any lease, any number of threads, each dying at any step: every act in every configuration keeps the invariants",
    );
    let proof = proof(World::WithLease);
    // A run and an owner that the word speaks of live or do not.
    let by_deferred = |deferred: Deferred| {
        let owners = if deferred.has_owner() { 2 } else { 1 };
        owners * if deferred.is_due() { 2 } else { 1 }
    };
    let runs = 1 + 2;
    // Three windows, the lease over or not, three counts of superseded runs and of older owners.
    let expected = 3 * 2 * runs * 3 * 3 * Deferred::ALL.map(by_deferred).iter().sum::<usize>();
    assert_eq!(proof.configurations.len(), expected);
    check.passed(proof.configurations.len(), "configurations");
}

#[test]
fn every_step_with_a_lease_keeps_the_promises() {
    let check = Check::of(
        &[G1, G2, G3, G4, G6],
        "induction: with any lease, `last` grows at each start, a run is superseded only after its lease and window, and its late finish changes nothing",
    );
    let proof = proof(World::WithLease);
    let steps: usize = proof.relation.values().map(Vec::len).sum();
    println!("{} abstract steps, taken on representatives by {} transitions", steps, proof.steps);
    assert!(proof.steps > 100 * steps, "several representatives of each step");
    check.passed(proof.steps, "transitions");
}

#[test]
fn every_step_on_numbers_keeps_the_promises() {
    let check = Check::of(
        &[G1, G2, G3, G4],
        "induction: starts exclude each other, are spaced and cover; what is due ends only by a run or a cancel",
    );
    let proof = proof(World::WithoutLease);
    let steps: usize = proof.relation.values().map(Vec::len).sum();
    println!("{} abstract steps, taken on representatives by {} transitions", steps, proof.steps);
    assert!(proof.steps > 100 * steps, "several representatives of each step");
    check.passed(proof.steps, "transitions");
}

/// Each act is taken wherever it is possible, so none was left out by mistake.
#[test]
fn every_act_is_taken_wherever_it_is_possible() {
    let check =
        Check::of(&[G3, G4], "induction: every act is taken in every configuration where it is possible");
    let mut cases = 0;
    for proof in WORLDS.map(proof) {
        for configuration in &proof.configurations {
            for act in Act::ALL {
                let taken = proof.relation.contains_key(&(*configuration, act));
                assert_eq!(taken, is_possible(configuration, act), "{act:?} in {configuration:?}");
            }
        }
        cases += proof.relation.len();
    }
    check.passed(cases, "cases");
}

const WORLDS: [World; 2] = [World::WithoutLease, World::WithLease];

fn is_possible(configuration: &Configuration, act: Act) -> bool {
    let (runs, deferrals) = (configuration.runs, configuration.deferrals);
    let world =
        if configuration.word.lease == LeasePhase::Without { World::WithoutLease } else { World::WithLease };
    match act {
        _ if !act.is_of(world) => false,
        // No window ends too late where there is none.
        Act::ArriveBy { in_time: false } => configuration.word.window != Window::Absent,
        Act::Fire { current }
        | Act::Look { current }
        | Act::Abandon { current }
        | Act::Die { runs: false, current } => lives(deferrals, current),
        Act::Finish { current } | Act::Die { runs: true, current } => lives(runs, current),
        _ => true,
    }
}

fn lives(guards: Guards, current: bool) -> bool {
    (if current { guards.current } else { guards.older }) != Count::None
}

/// The proof is not empty: each act gets every answer that is possible for it, and changes something somewhere.
#[test]
fn every_act_changes_something_and_is_told_everything() {
    for world in WORLDS {
        every_act_does_something(world);
    }
}

fn every_act_does_something(world: World) {
    let proof = proof(world);
    for act in Act::ALL {
        let mut changes = 0;
        let mut told = HashSet::new();
        for ((before, _), outcomes) in proof.relation.iter().filter(|((_, taken), _)| *taken == act) {
            for (answer, after) in outcomes {
                changes += usize::from(before != after);
                told.insert(format!("{answer:?}"));
            }
        }
        // Without a lease nobody dies, and no run of an older epoch lives.
        let is_possible = act.is_of(world);
        assert_eq!(changes > 0, is_possible, "{act:?}");
        let answers = if is_possible { answers(act) } else { &[] };
        let expected = answers.iter().map(|answer| format!("{answer:?}")).collect();
        assert_eq!(told, expected, "{act:?}");
    }
}

/// The outcomes of the transition table that the invariants leave possible.
fn answers(act: Act) -> &'static [Told] {
    match act {
        Act::Coalesce => &[Told::Coalesced, Told::No],
        Act::Arrive | Act::ArriveBy { in_time: true } => &[Told::Run, Told::Defer(0), Told::Coalesced],
        Act::ArriveBy { in_time: false } => &[Told::Run, Told::Closed(0), Told::Coalesced],
        Act::Request => &[Told::Requested, Told::Coalesced],
        Act::Owe => &[Told::Owed, Told::Coalesced],
        Act::TryStart => &[Told::Run, Told::Closed(0), Told::Running],
        Act::Cancel => &[Told::Yes, Told::No],
        Act::Flush => &[Told::Run, Told::Busy, Told::Nothing],
        Act::Fire { current: true } => &[Told::Cancelled, Told::Busy, Told::Early(0), Told::Run],
        Act::Abandon { current: true } => &[Told::Owed, Told::Cancelled],
        Act::Look { current: true } => &[Told::Run, Told::Coalesced],
        Act::Fire { current: false } | Act::Look { current: false } | Act::Abandon { current: false } => {
            &[Told::Gone]
        }
        Act::Finish { current: true } => &[Told::Finished],
        Act::Finish { current: false } => &[Told::Ignored],
        Act::Die { .. } | Act::Surroundings => &[Told::Nothing],
    }
}

/// Most configurations cannot be: each invariant excludes some.
#[test]
fn the_invariants_exclude_something() {
    excludes(World::WithoutLease, [RUN, OWNER, LOST, PAST]);
    excludes(World::WithLease, [LEASED_RUN, LEASED_OWNER, LOST, PAST]);
}

fn excludes(world: World, rules: [&'static str; 4]) {
    let mut excluded = rules.map(|rule| (rule, 0));
    for configuration in Configuration::all(world) {
        for (rule, count) in &mut excluded {
            *count += usize::from(configuration.violated() == Some(*rule));
        }
    }
    println!("{excluded:?}");
    assert!(excluded.iter().all(|(_, count)| *count > 0), "{excluded:?}");
    let all = excluded.iter().map(|(_, count)| count).sum::<usize>();
    assert_eq!(all + proof(world).configurations.len(), Configuration::all(world).count());
}
