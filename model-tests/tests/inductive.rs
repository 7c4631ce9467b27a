//! The proof: whatever any number of threads did before, with any threshold, the next step keeps the
//! invariants and the promises.

use evidence::Check;
use model_tests::act::Act;
use model_tests::configuration::{Configuration, Count, LOST, OWNER, PAST, RUN};
use model_tests::induction::{Proof, prove};
use model_tests::transitions::{SHIPPED, Told};
use model_tests::window::Window;
use model_tests::word::Deferred;
use std::collections::HashSet;

fn proof() -> Proof {
    prove(&SHIPPED).unwrap_or_else(|violation| panic!("{violation}"))
}

#[test]
fn every_step_from_every_configuration_keeps_the_invariants() {
    let check = Check::of(
        "G1 G2 G3 G4",
        "induction: any number of threads, any threshold: every act in every configuration keeps the invariants",
    );
    let proof = proof();
    // Three windows, two values of r, three counts of older owners; uncovered or not where a run is due.
    let by_deferred = |deferred: Deferred| if deferred.is_due() { 2 } else { 1 };
    let expected = 3 * 2 * 3 * Deferred::ALL.map(by_deferred).iter().sum::<usize>();
    assert_eq!(proof.configurations.len(), expected);
    check.passed(proof.configurations.len(), "configurations");
}

#[test]
fn every_step_on_numbers_keeps_the_promises() {
    let check = Check::of(
        "G1 G2 G3 G4",
        "induction: starts exclude each other, are spaced and cover; what is due ends only by a run or a cancel",
    );
    let proof = proof();
    let steps: usize = proof.relation.values().map(Vec::len).sum();
    println!("{} abstract steps, taken on representatives by {} transitions", steps, proof.steps);
    assert!(proof.steps > 100 * steps, "several representatives of each step");
    check.passed(proof.steps, "transitions");
}

/// Each act is taken wherever it is possible, so none was left out by mistake.
#[test]
fn every_act_is_taken_wherever_it_is_possible() {
    let check =
        Check::of("G3 G4", "induction: every act is taken in every configuration where it is possible");
    let proof = proof();
    for configuration in &proof.configurations {
        for act in Act::ALL {
            let taken = proof.relation.contains_key(&(*configuration, act));
            assert_eq!(taken, is_possible(configuration, act), "{act:?} in {configuration:?}");
        }
    }
    check.passed(proof.relation.len(), "cases");
}

fn is_possible(configuration: &Configuration, act: Act) -> bool {
    let deferrals = configuration.deferrals;
    match act {
        // No window ends too late where there is none.
        Act::ArriveBy { in_time: false } => configuration.word.window != Window::Absent,
        Act::Fire { current: true } | Act::Abandon { current: true } => deferrals.current != Count::None,
        Act::Fire { current: false } | Act::Abandon { current: false } => deferrals.older != Count::None,
        Act::Finish { current: true } => configuration.runs.current != Count::None,
        Act::Finish { current: false } => configuration.runs.older != Count::None,
        _ => true,
    }
}

/// The proof is not about nothing: each act is told everything that it can be told, and changes
/// something somewhere.
#[test]
fn every_act_changes_something_and_is_told_everything() {
    let proof = proof();
    for act in Act::ALL {
        let mut changes = 0;
        let mut told = HashSet::new();
        for ((before, _), outcomes) in proof.relation.iter().filter(|((_, taken), _)| *taken == act) {
            for (answer, after) in outcomes {
                changes += usize::from(before != after);
                told.insert(format!("{answer:?}"));
            }
        }
        // No run of an older epoch lives.
        assert_eq!(changes > 0, act != Act::Finish { current: false }, "{act:?}");
        let expected = answers(act).iter().map(|answer| format!("{answer:?}")).collect();
        assert_eq!(told, expected, "{act:?}");
    }
}

/// The outcomes in DESIGN.md that the invariants leave possible.
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
        Act::Fire { current: false } | Act::Abandon { current: false } => &[Told::Gone],
        Act::Finish { current: true } => &[Told::Finished],
        Act::Finish { current: false } => &[],
        Act::Surroundings => &[Told::Nothing],
    }
}

/// Most configurations cannot be: each invariant excludes some.
#[test]
fn the_invariants_exclude_something() {
    let mut excluded = [RUN, OWNER, LOST, PAST].map(|rule| (rule, 0));
    for configuration in Configuration::all() {
        for (rule, count) in &mut excluded {
            *count += usize::from(configuration.violated() == Some(*rule));
        }
    }
    println!("{excluded:?}");
    assert!(excluded.iter().all(|(_, count)| *count > 0), "{excluded:?}");
    let all = excluded.iter().map(|(_, count)| count).sum::<usize>();
    assert_eq!(all + proof().configurations.len(), Configuration::all().count());
}
