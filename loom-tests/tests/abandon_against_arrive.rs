//! G6: the owner leaves while another call arrives. The run is adopted or visibly owed, never lost, and the
//! thread that performs it sees what the former owner wrote.

use atomic_throttle::Epoch;
use atomic_throttle::gate::{Arrival, Fired, Gate};
use evidence::Guarantee::{G3, G6};
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread::{self, JoinHandle};
use loom_tests::{Bound, DUE, INSIDE, LEADING, THRESHOLD, Tally, explore, lead};
use std::sync::Arc;
use watchdog as _;

/// A gate in the window of its first run, and what the leaving owner wrote before its call.
struct Shared {
    gate: Gate,
    data: AtomicUsize,
}

/// The answer that the leaving thread got, and its epoch.
enum Told {
    Owner(Epoch),
    Coalesced(Epoch),
}

fn begin() -> (Arc<Shared>, JoinHandle<Told>) {
    let shared = Arc::new(Shared { gate: Gate::new(THRESHOLD), data: AtomicUsize::new(0) });
    lead(&shared.gate);
    let leaver = thread::spawn({
        let shared = Arc::clone(&shared);
        move || {
            shared.data.store(1, Relaxed);
            match shared.gate.arrive(INSIDE) {
                Arrival::Run(_) => panic!("G1: the window is closed"),
                Arrival::Defer(deferral) => {
                    let epoch = deferral.epoch();
                    drop(deferral);
                    Told::Owner(epoch)
                }
                Arrival::Coalesced(epoch) => Told::Coalesced(epoch),
            }
        }
    });
    (shared, leaver)
}

/// One thread defers and leaves; another calls inside the window, then at its end if it is the owner.
#[test]
fn inside_the_window() {
    let (adopted, covered, owed) = (Tally::new(), Tally::new(), Tally::new());
    let (adopted_in, covered_in, owed_in) = (adopted.clone(), covered.clone(), owed.clone());
    explore(Bound::Exhaustive, &[G6, G3], "an owner that leaves against a call in its window", move || {
        let (shared, leaver) = begin();
        let seen = match shared.gate.arrive(INSIDE) {
            Arrival::Run(_) => panic!("G1: the window is closed"),
            Arrival::Defer(deferral) => {
                let Fired::Run(run) = deferral.fire(DUE) else { panic!("the other leaves") };
                let seen = shared.data.load(Relaxed);
                run.finish();
                Some(seen)
            }
            Arrival::Coalesced(_) => None,
        };
        let told = leaver.join().expect("no panic");
        let (Told::Owner(epoch) | Told::Coalesced(epoch)) = told;
        if let Some(seen) = seen.filter(|_| epoch.started_at() == LEADING) {
            assert_eq!(seen, 1, "G3: the run missed the call of the former owner");
            adopted_in.count_if(matches!(told, Told::Owner(_)));
            covered_in.count_if(matches!(told, Told::Coalesced(_)));
        } else {
            assert!(matches!(told, Told::Owner(_)), "nobody else owns the deferral");
            assert!(shared.gate.state().is_owed(), "G6: the run is lost");
            owed_in.count();
        }
    })
    .at_least(100_000)
    .reached(&adopted, "the call adopted the run")
    .reached(&covered, "the call was there first")
    .reached(&owed, "the run stayed owed")
    .passed();
}

/// The window is over: the call takes over, from a living owner as well as from one that has left.
#[test]
fn after_the_window() {
    let (released, adopted, owed) = (Tally::new(), Tally::new(), Tally::new());
    let (released_in, adopted_in, owed_in) = (released.clone(), adopted.clone(), owed.clone());
    explore(
        Bound::Exhaustive,
        &[G6, G3],
        "an owner that leaves against a call after its window",
        move || {
            let (shared, leaver) = begin();
            let Arrival::Run(run) = shared.gate.arrive(DUE) else { panic!("the window is over") };
            let (epoch, released_owner) = (run.epoch(), run.released_owner());
            let seen = shared.data.load(Relaxed);
            run.finish();
            let Told::Owner(deferred) = leaver.join().expect("no panic") else {
                panic!("nobody else owns a deferral")
            };
            let state = shared.gate.state();
            assert_eq!(state.epoch(), epoch);
            if deferred < epoch {
                assert_eq!(seen, 1, "G3: the run missed the call of the former owner");
                assert!(!state.is_owed(), "the run was performed");
            } else {
                assert!(state.is_owed(), "G6: the run is lost");
            }
            released_in.count_if(released_owner);
            adopted_in.count_if(deferred < epoch && !released_owner);
            owed_in.count_if(deferred == epoch);
        },
    )
    .at_least(20_000)
    .reached(&released, "the call took over from a living owner")
    .reached(&adopted, "the call adopted the run")
    .reached(&owed, "the call was there first, and the next run stayed owed")
    .passed();
}
