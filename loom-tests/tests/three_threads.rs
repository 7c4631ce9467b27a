//! G2, G3, G4 and G6 with three threads that each do something different, up to a number of preemptions.

use atomic_throttle::Epoch;
use atomic_throttle::gate::{Arrival, Fired, Flushed, Gate, Run};
use evidence::Guarantee::{G2, G3, G4, G6};
use evidence::depth;
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread;
use loom_tests::{Bound, DUE, INSIDE, LATER, SECOND_INSIDE, THRESHOLD, Tally, defer, explore};
use std::sync::Arc;
use watchdog as _;

fn bounded() -> Bound {
    depth(Bound::Preemptions(3), Bound::Preemptions(4))
}

/// A gate, and what each of two calls wrote before it.
struct Shared {
    gate: Gate,
    written: [AtomicUsize; 2],
}

impl Shared {
    fn new() -> Arc<Self> {
        Arc::new(Self { gate: Gate::new(THRESHOLD), written: [AtomicUsize::new(0), AtomicUsize::new(0)] })
    }

    fn written(&self) -> [usize; 2] {
        [self.written[0].load(Relaxed), self.written[1].load(Relaxed)]
    }

    /// A call that never runs itself. It is covered by the first run after this epoch.
    fn call(&self, which: usize) -> Epoch {
        self.written[which].store(1, Relaxed);
        self.gate.coalesce().unwrap_or_else(|| match self.gate.arrive(SECOND_INSIDE) {
            Arrival::Run(_) => panic!("G1: the window is closed"),
            Arrival::Coalesced(epoch) => epoch,
            Arrival::Defer(deferral) => {
                let epoch = deferral.epoch();
                std::mem::forget(deferral);
                epoch
            }
        })
    }
}

/// Two calls coalesce, or defer in the next window, while the owner runs.
#[test]
fn two_calls_against_the_owner() {
    let (both_covered, both_later, split) = (Tally::new(), Tally::new(), Tally::new());
    let counted = (both_covered.clone(), both_later.clone(), split.clone());
    explore(bounded(), &[G3, G4], "two calls that coalesce against the owner", move || {
        let shared = Shared::new();
        let deferral = defer(&shared.gate);
        let callers = [0, 1].map(|which| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.call(which))
        });
        let Fired::Run(run) = deferral.fire(DUE) else { panic!("nothing is in its way") };
        let (epoch, seen) = (run.epoch(), shared.written());
        run.finish();
        let promised = callers.map(|caller| caller.join().expect("no panic"));
        let covered = promised.map(|promised| promised < epoch);
        for (covered, seen) in covered.into_iter().zip(seen) {
            assert!(!covered || seen == 1, "G3: the run missed a call that it covers");
        }
        let pending = shared.gate.state().is_pending();
        assert_eq!(pending, covered != [true, true], "G3: a call is lost");
        counted.0.count_if(covered == [true, true]);
        counted.1.count_if(covered == [false, false]);
        counted.2.count_if(covered[0] != covered[1]);
    })
    .at_least(2000)
    .reached(&both_covered, "both calls came before the start")
    .reached(&both_later, "both calls came after the start")
    .reached(&split, "one call came before the start, and one after")
    .passed();
}

/// The owner leaves and another thread cancels, while a call comes.
#[test]
fn a_call_against_a_cancel_and_an_owner_that_leaves() {
    let (still_owed, adopted, given_up) = (Tally::new(), Tally::new(), Tally::new());
    let counted = (still_owed.clone(), adopted.clone(), given_up.clone());
    explore(bounded(), &[G4, G6], "a call against a cancel and an owner that leaves", move || {
        let gate = Arc::new(Gate::new(THRESHOLD));
        let deferral = defer(&gate);
        let other = thread::spawn({
            let gate = Arc::clone(&gate);
            move || gate.cancel()
        });
        let caller = thread::spawn({
            let gate = Arc::clone(&gate);
            move || match gate.arrive(INSIDE) {
                Arrival::Run(_) => panic!("G1: the window is closed"),
                Arrival::Coalesced(_) => false,
                Arrival::Defer(deferral) => {
                    std::mem::forget(deferral);
                    true
                }
            }
        });
        drop(deferral);
        let cancelled = other.join().expect("no panic");
        let owns = caller.join().expect("no panic");

        let state = gate.state();
        if owns {
            assert!(cancelled || state.is_pending(), "G4: the deferral is lost");
        } else {
            assert!(!state.has_owner(), "G4: pending or cancelled, and nobody owns it");
            assert!(cancelled || state.is_owed(), "G6: the run is lost");
        }
        counted.0.count_if(state.is_owed());
        counted.1.count_if(state.is_pending());
        counted.2.count_if(!state.is_owed() && !state.is_pending());
        assert!(gate.try_start(LATER).is_ok(), "G6: the gate is wedged");
    })
    .at_least(200)
    .reached(&still_owed, "the run stayed owed")
    .reached(&adopted, "the call adopted the run")
    .reached(&given_up, "the run was given up")
    .passed();
}

/// A call takes over, a flush comes, and the owner is late: one of them performs the run.
#[test]
fn a_takeover_against_a_flush_and_the_owner() {
    let by = [Tally::new(), Tally::new(), Tally::new()];
    let counted = by.clone();
    explore(bounded(), &[G2], "a call that takes over against a flush and the owner", move || {
        let shared = Arc::new((Gate::new(THRESHOLD), AtomicUsize::new(0)));
        let deferral = defer(&shared.0);
        let inside = |shared: &(Gate, AtomicUsize), run: Run<'_>| {
            assert_eq!(shared.1.fetch_add(1, Relaxed), 0, "G2: two runs at once");
            shared.1.fetch_sub(1, Relaxed);
            run.finish();
            true
        };
        let taker = thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.0.try_start(DUE).is_ok_and(|run| inside(&shared, run))
        });
        let flusher = thread::spawn({
            let shared = Arc::clone(&shared);
            move || match shared.0.flush(DUE) {
                Flushed::Run(run) => inside(&shared, run),
                Flushed::Busy | Flushed::Nothing => false,
            }
        });
        let owner_ran = match deferral.fire(DUE) {
            Fired::Run(run) => inside(&shared, run),
            Fired::Gone => false,
            other => panic!("{other:?}: its own epoch has no other run"),
        };
        let taker_ran = taker.join().expect("no panic");
        let flusher_ran = flusher.join().expect("no panic");
        let ran = [owner_ran, taker_ran, flusher_ran];
        assert_eq!(ran.iter().filter(|ran| **ran).count(), 1, "one run was pending: {ran:?}");
        assert!(!shared.0.state().is_running() && !shared.0.state().has_owner());
        for (tally, ran) in counted.iter().zip(ran) {
            tally.count_if(ran);
        }
    })
    .at_least(500)
    .reached(&by[0], "the owner ran")
    .reached(&by[1], "the call that takes over ran")
    .reached(&by[2], "the flush ran")
    .passed();
}
