//! Each planted fault is found by the rung that is there to find it.

use protocol::exploration::{Explored, Space, explore};
use protocol::induction::prove;
use protocol::lease::World;
use protocol::link::{Numbers, compare};
use protocol::liveness::{
    Assumed, Disturbances, nobody_waits_for_ever, nobody_waits_for_ever_in, nothing_is_stuck,
};
use protocol::planted::{Fault, Rung, faults};
use protocol::transitions::{LAST_MAX, MAX, Transitions};
use protocol::violation::Violation;
use watchdog as _;

const THREADS: usize = 3;

/// Every rung that finds it, with what it says.
fn found(transitions: &Transitions, world: World) -> Vec<(Rung, Violation)> {
    let explored = explore(transitions, THREADS, Space::Shifted, world);
    let starved = explored.as_ref().ok().and_then(|explored| starved(explored, world));
    let found = [
        (Rung::Induction, prove(transitions, world).err()),
        (Rung::Link, unlinked(transitions, world)),
        (Rung::Exploration, explored.err()),
        (Rung::Liveness, starved),
    ];
    found.into_iter().filter_map(|(rung, violation)| Some((rung, violation?))).collect()
}

fn starved(explored: &Explored, world: World) -> Option<Violation> {
    let waits = |assumed| nobody_waits_for_ever(explored, Disturbances::FinitelyOften, assumed).err();
    let waiting = match world {
        World::WithoutLease => waits(Assumed::ThreadsGoOn),
        World::WithLease => waits(Assumed::CallsArrive).or_else(|| waits(Assumed::OwnerLives)),
    };
    waiting.or_else(|| nothing_is_stuck(explored).err())
}

fn unlinked(transitions: &Transitions, world: World) -> Option<Violation> {
    let small: Vec<u64> = (0..6).collect();
    let every = |_, _| small.clone();
    let (small_leases, large_leases): (&[u64], &[u64]) = match world {
        World::WithoutLease => (&[], &[]),
        World::WithLease => (&small[1..], &[1, 1 << 32, MAX]),
    };
    let at_small =
        Numbers { lasts: &small, thresholds: &small, leases: small_leases, readings: &every, others: &every };
    let bits = |last: u64, _| (0..61).map(|bit| last ^ 1 << bit).chain([last]).collect();
    let at_large = Numbers {
        lasts: &[1, 1 << 32, 1 << 60, MAX, LAST_MAX - 1],
        thresholds: &[0, 1, 1 << 32, (1 << 59) + 1, MAX],
        leases: large_leases,
        readings: &|last, _| vec![0, last.min(MAX), MAX],
        others: &bits,
    };
    [at_small, at_large].iter().find_map(|numbers| compare(transitions, numbers).err())
}

fn is_found(fault: &Fault) {
    let found = found(&fault.transitions, fault.world);
    for (rung, violation) in &found {
        println!("{}: {rung:?}: {}", fault.name, violation.rule);
    }
    let by = found.iter().find(|(rung, _)| *rung == fault.found_by);
    let (_, violation) = by.unwrap_or_else(|| {
        let rungs: Vec<_> = found.iter().map(|(rung, _)| rung).collect();
        panic!("{}: not found by {:?}, but by {rungs:?}", fault.name, fault.found_by)
    });
    let tool = |rung| match rung {
        Rung::Induction => "induction",
        Rung::Link => "enumeration",
        Rung::Exploration => "exploration",
        Rung::Liveness => "liveness",
    };
    let mut how = format!("{} finds broken: {}", tool(fault.found_by), violation.rule);
    for (rung, _) in found.iter().filter(|(rung, _)| *rung != fault.found_by) {
        how = format!("{how}; {} as well", tool(*rung));
    }
    evidence::caught(fault.name, &how);
}

#[test]
fn every_planted_fault_is_found() {
    let faults = faults();
    assert_eq!(faults.len(), 31 + 15);
    faults.iter().for_each(is_found);
}

/// They are found on the configurations of the proof, too, whatever the number of threads. There owners never
/// sleep, and no thread learns that an owed run is adopted, so faults of these are not found.
#[test]
fn what_starves_an_owner_is_found_without_numbers() {
    let faults = faults();
    let starving = faults.iter().filter(|fault| {
        let Ok(proof) = prove(&fault.transitions, fault.world) else { return false };
        let assumed: &[Assumed] = match fault.world {
            World::WithoutLease => &[Assumed::ThreadsGoOn],
            World::WithLease => &[Assumed::CallsArrive, Assumed::OwnerLives],
        };
        let starves =
            |assumed| nobody_waits_for_ever_in(&proof, Disturbances::FinitelyOften, assumed).is_err();
        assumed.iter().copied().any(starves)
    });
    let names: Vec<_> = starving.map(|fault| fault.name).collect();
    assert_eq!(
        names,
        [
            "a cancel is never acknowledged",
            "the owner is told `Early` for ever",
            "the owner is told `Busy` while nothing runs",
            "a gate's transitions are used with a lease",
            "an arrival does not look at the lease",
            "a run that has finished keeps others out until its lease is over",
        ]
    );
}

/// The other way round: none of them finds a fault in what is shipped.
#[test]
fn the_shipped_transitions_are_not_at_fault() {
    for world in [World::WithoutLease, World::WithLease] {
        let found = found(&protocol::transitions::SHIPPED, world);
        assert!(found.is_empty(), "{found:?}");
    }
}
