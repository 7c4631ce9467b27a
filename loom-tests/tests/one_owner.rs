//! G4: of the calls inside one window exactly one owns the deferral; the others coalesce.

use atomic_throttle::gate::{Arrival, Gate};
use evidence::Guarantee::G4;
use loom::sync::Arc;
use loom::thread;
use loom_tests::{Bound, INSIDE, THRESHOLD, Tally, explore, lead};
use watchdog as _;

#[derive(Debug, PartialEq)]
enum Told {
    Owner,
    Coalesced,
}

/// A call inside the window. An owner keeps its guard: leaving is another model's subject.
fn call(gate: &Gate) -> Told {
    if gate.coalesce().is_some() {
        return Told::Coalesced;
    }
    match gate.arrive(INSIDE) {
        Arrival::Run(_) => panic!("G1: the window is closed"),
        Arrival::Defer(deferral) => {
            std::mem::forget(deferral);
            Told::Owner
        }
        Arrival::Coalesced(_) => Told::Coalesced,
    }
}

fn callers(bound: Bound, count: usize, minimum: usize) {
    let claim = format!("{count} calls in one window have one owner");
    let by_others = Tally::new();
    let counted = by_others.clone();
    explore(bound, &[G4], &claim, move || {
        let gate = Arc::new(Gate::new(THRESHOLD));
        lead(&gate);
        let threads: Vec<_> = (1..count)
            .map(|_| {
                let gate = Arc::clone(&gate);
                thread::spawn(move || call(&gate))
            })
            .collect();
        let mut told = vec![call(&gate)];
        counted.count_if(told[0] == Told::Coalesced);
        told.extend(threads.into_iter().map(|thread| thread.join().expect("no panic")));
        let owners = told.iter().filter(|told| **told == Told::Owner).count();
        assert_eq!(owners, 1, "{told:?}");
        assert!(gate.state().is_pending());
    })
    .at_least(minimum)
    .reached(&by_others, "another thread became the owner")
    .passed();
}

#[test]
fn of_two_callers() {
    callers(Bound::Exhaustive, 2, 200);
}

#[test]
fn of_three_callers() {
    callers(Bound::Preemptions(3), 3, 5000);
}
