//! G6: the owner leaves while another call arrives. The run is adopted or visibly owed, never lost, and
//! whoever performs it sees what the former owner wrote.

use atomic_throttle::gate::{Arrival, Fired, Gate};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread;
use loom_tests::{Bound, DUE, INSIDE, THRESHOLD, Tally, explore, lead};

/// One thread defers and leaves; another calls inside the window, then at its end if it is the owner.
#[test]
fn inside_the_window() {
    let (adopted, owed) = (Tally::new(), Tally::new());
    let (adopted_in, owed_in) = (adopted.clone(), owed.clone());
    explore(Bound::Exhaustive, "G6 G3", "an owner that leaves against a call in its window", move || {
        let shared = Arc::new((Gate::new(THRESHOLD), AtomicUsize::new(0)));
        lead(&shared.0);
        let leaver = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                shared.1.store(1, Relaxed);
                match shared.0.arrive(INSIDE) {
                    Arrival::Run(_) => panic!("G1: the window is closed"),
                    Arrival::Defer(deferral) => drop(deferral),
                    Arrival::Coalesced(_) => {}
                }
            }
        });
        match shared.0.arrive(INSIDE) {
            Arrival::Run(_) => panic!("G1: the window is closed"),
            Arrival::Defer(deferral) => {
                // Adopted, or made before the other came, which then coalesced or adopts it later.
                leaver.join().expect("no panic");
                let Fired::Run(run) = deferral.fire(DUE) else { panic!("its owner has left") };
                assert_eq!(shared.1.load(Relaxed), 1, "G3: the call of the former owner is lost");
                run.finish();
                adopted_in.count();
            }
            Arrival::Coalesced(_) => {
                leaver.join().expect("no panic");
                assert!(shared.0.state().is_owed(), "G6: the run is lost");
                owed_in.count();
            }
        }
    })
    .at_least(200)
    .reached(&adopted, "the call adopted the run")
    .reached(&owed, "the run stayed owed")
    .passed();
}

/// The window is over: the call takes over, from a living owner as well as from one that has left.
#[test]
fn after_the_window() {
    explore(Bound::Exhaustive, "G6 G3", "an owner that leaves against a call after its window", || {
        let shared = Arc::new((Gate::new(THRESHOLD), AtomicUsize::new(0)));
        lead(&shared.0);
        let leaver = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                shared.1.store(1, Relaxed);
                match shared.0.arrive(INSIDE) {
                    Arrival::Run(_) => panic!("G1: the window is closed"),
                    Arrival::Defer(deferral) => {
                        drop(deferral);
                        true
                    }
                    // The run of the other thread is in progress, or its deferral pending.
                    Arrival::Coalesced(_) => false,
                }
            }
        });
        let Arrival::Run(run) = shared.0.arrive(DUE) else { panic!("the window is over") };
        let epoch = run.epoch();
        let seen = shared.1.load(Relaxed);
        run.finish();
        let deferred = leaver.join().expect("no panic");
        let state = shared.0.state();
        assert_eq!(state.epoch(), epoch);
        assert!(deferred, "nobody else owns a deferral");
        assert!(seen == 1 || state.is_owed(), "G6: the run is lost");
    })
    .at_least(100_000)
    .passed();
}
