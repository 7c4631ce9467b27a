//! Either its owner or a call that takes over starts an overdue run, but only one of them, and the run sees
//! what the other wrote (G2, G3). The same holds for a flush.

use atomic_throttle::Timestamp;
use atomic_throttle::gate::{Arrival, Fired, Flushed, Gate, Run};
use evidence::Guarantee::{G2, G3};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread;
use loom_tests::{Bound, DUE, INSIDE, THRESHOLD, Tally, explore, lead};
use watchdog as _;

struct Shared {
    gate: Gate,
    written_by_owner: AtomicUsize,
}

/// `rival` tries to start the run of a deferral whose owner fires at `DUE`.
fn owner_against(name: &str, rival: fn(&Gate) -> Option<Run<'_>>) {
    let claim = format!("{name} against the owner's turn");
    let (by_owner, by_rival) = (Tally::new(), Tally::new());
    let (by_owner_in, by_rival_in) = (by_owner.clone(), by_rival.clone());
    explore(Bound::Exhaustive, &[G2, G3], &claim, move || {
        let shared = Arc::new(Shared { gate: Gate::new(THRESHOLD), written_by_owner: AtomicUsize::new(0) });
        lead(&shared.gate);
        let owner = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                shared.written_by_owner.store(1, Relaxed);
                let Arrival::Defer(deferral) = shared.gate.arrive(INSIDE) else { return None };
                match deferral.fire(DUE) {
                    Fired::Run(run) => {
                        run.finish();
                        Some(true)
                    }
                    Fired::Gone => Some(false),
                    // The rival's run is in progress in another window, or this deferral was made again in that
                    // window.
                    Fired::Busy(deferral) | Fired::Early { deferral, .. } => {
                        std::mem::forget(deferral);
                        None
                    }
                    Fired::Cancelled => panic!("nobody cancels"),
                }
            }
        });
        let run = rival(&shared.gate);
        let rival_ran = run.is_some();
        let released_owner = run.as_ref().is_some_and(Run::released_owner);
        let seen = shared.written_by_owner.load(Relaxed);
        drop(run);
        let owner_ran = owner.join().expect("no panic");
        if released_owner {
            assert_eq!(owner_ran, Some(false), "the owner was replaced");
            assert_eq!(seen, 1, "G3: the run that took over missed the owner's call");
            by_rival_in.count();
        }
        if owner_ran == Some(false) {
            assert!(rival_ran, "the owner was told that another run covers it");
        }
        by_owner_in.count_if(owner_ran == Some(true));
    })
    .at_least(1000)
    .reached(&by_owner, "the owner ran")
    .reached(&by_rival, "the rival ran")
    .passed();
}

#[test]
fn a_call_takes_over() {
    owner_against("a call that takes over", |gate| match gate.arrive(DUE) {
        Arrival::Run(run) => Some(run),
        Arrival::Defer(deferral) => {
            std::mem::forget(deferral);
            None
        }
        Arrival::Coalesced(_) => None,
    });
}

#[test]
fn a_call_that_only_tries_takes_over() {
    owner_against("a call that only tries", |gate| gate.try_start(DUE).ok());
}

#[test]
fn a_flush_takes_over() {
    owner_against("a flush", |gate| match gate.flush(Timestamp::from_nanos(3)) {
        Flushed::Run(run) => Some(run),
        Flushed::Busy | Flushed::Nothing => None,
    });
}
