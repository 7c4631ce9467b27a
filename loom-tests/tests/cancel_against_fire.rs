//! A cancel and the owner's turn at once: exactly one of them wins, and a call that comes in between is covered
//! or revives the run (G3).

use atomic_throttle::gate::{Arrival, Fired, Gate};
use evidence::Guarantee::{G3, G4};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread;
use loom_tests::{Bound, DUE, INSIDE, THRESHOLD, Tally, defer, explore};
use watchdog as _;

#[test]
fn exactly_one_has_its_way() {
    let (runs, cancels) = (Tally::new(), Tally::new());
    let (runs_in, cancels_in) = (runs.clone(), cancels.clone());
    explore(Bound::Exhaustive, &[G3, G4], "a cancel against the owner's turn", move || {
        let gate = Arc::new(Gate::new(THRESHOLD));
        let deferral = defer(&gate);
        let other = thread::spawn({
            let gate = Arc::clone(&gate);
            move || gate.cancel()
        });
        let ran = match deferral.fire(DUE) {
            Fired::Run(run) => {
                run.finish();
                true
            }
            Fired::Cancelled => false,
            other => panic!("{other:?}"),
        };
        let cancelled = other.join().expect("no panic");
        assert_ne!(ran, cancelled);
        assert!(!gate.state().has_owner());
        runs_in.count_if(ran);
        cancels_in.count_if(cancelled);
    })
    .at_least(200)
    .reached(&runs, "the run came first")
    .reached(&cancels, "the cancel came first")
    .passed();
}

/// A third thread calls. If its call coalesced, either the cancel came after it, or a run comes that sees its
/// data.
#[test]
fn a_call_in_between_is_not_lost() {
    let revived = Tally::new();
    let counted = revived.clone();
    explore(Bound::Preemptions(3), &[G3], "a call between a cancel and the owner's turn", move || {
        let shared = Arc::new((Gate::new(THRESHOLD), AtomicUsize::new(0)));
        let deferral = defer(&shared.0);
        let owner_epoch = deferral.epoch();
        let other = thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.0.cancel()
        });
        let caller = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                shared.1.store(1, Relaxed);
                match shared.0.arrive(INSIDE) {
                    Arrival::Run(_) => panic!("G1: the window is closed"),
                    Arrival::Coalesced(epoch) => Some(epoch),
                    // The run or the cancel was over before: the call made a new deferral.
                    Arrival::Defer(deferral) => {
                        std::mem::forget(deferral);
                        None
                    }
                }
            }
        });
        let seen = match deferral.fire(DUE) {
            Fired::Run(run) => {
                let seen = shared.1.load(Relaxed);
                run.finish();
                Some(seen)
            }
            Fired::Cancelled => None,
            other => panic!("{other:?}"),
        };
        let cancelled = other.join().expect("no panic");
        let coalesced = caller.join().expect("no panic");
        if coalesced == Some(owner_epoch) {
            match seen {
                Some(seen) => assert_eq!(seen, 1, "G3: the run missed the call that it covers"),
                None => assert!(cancelled, "G3: the call is lost"),
            }
            counted.count_if(cancelled && seen.is_some());
        }
        if coalesced.is_none() {
            assert!(shared.0.state().is_pending() || cancelled);
        }
    })
    .at_least(5000)
    .reached(&revived, "a call revived a cancelled run")
    .passed();
}

/// A thread cancels, and then calls: if the call coalesces, its run comes.
#[test]
fn a_call_after_a_cancel_is_not_lost() {
    let (revived, adopted, later) = (Tally::new(), Tally::new(), Tally::new());
    let counted = (revived.clone(), adopted.clone(), later.clone());
    explore(Bound::Exhaustive, &[G3], "a call after a cancel against the owner's turn", move || {
        let shared = Arc::new((Gate::new(THRESHOLD), AtomicUsize::new(0)));
        let deferral = defer(&shared.0);
        let caller = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                let cancelled = shared.0.cancel();
                shared.1.store(1, Relaxed);
                let told = shared.0.coalesce().unwrap_or_else(|| match shared.0.arrive(INSIDE) {
                    Arrival::Run(_) => panic!("G1: the window is closed"),
                    Arrival::Coalesced(epoch) => epoch,
                    Arrival::Defer(deferral) => {
                        let epoch = deferral.epoch();
                        std::mem::forget(deferral);
                        epoch
                    }
                });
                (cancelled, told)
            }
        });
        let ran = match deferral.fire(DUE) {
            Fired::Run(run) => {
                let ran = (run.epoch(), shared.1.load(Relaxed));
                run.finish();
                Some(ran)
            }
            Fired::Cancelled => None,
            other => panic!("{other:?}"),
        };
        let (cancelled, told) = caller.join().expect("no panic");
        let covered_by = ran.filter(|(epoch, _)| *epoch > told);
        match covered_by {
            Some((_, seen)) => assert_eq!(seen, 1, "G3: the run missed the call that it covers"),
            None => assert!(shared.0.state().is_pending(), "G3: the call is lost"),
        }
        counted.0.count_if(cancelled && covered_by.is_some());
        counted.1.count_if(cancelled && ran.is_none());
        counted.2.count_if(!cancelled);
    })
    .at_least(500)
    .reached(&revived, "the call revived the run")
    .reached(&adopted, "the call made a deferral of its own after the cancel")
    .reached(&later, "the run came before the cancel")
    .passed();
}
