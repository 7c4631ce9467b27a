//! G2: runs never overlap, and each sees what the one before it did.

use atomic_throttle::Threshold;
use atomic_throttle::gate::{Arrival, Gate, Run};
use evidence::Guarantee::G2;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread;
use loom_tests::{Bound, LEADING, Tally, explore};
use watchdog as _;

/// A gate, and what runs protect: relaxed atomics, so that only the gate orders them.
struct Shared {
    gate: Gate,
    inside: AtomicUsize,
    /// It is written by plain load and store: an overlap or an unseen run loses an increment.
    runs: AtomicUsize,
}

impl Shared {
    fn perform(&self, run: Run<'_>) {
        assert_eq!(self.inside.fetch_add(1, Relaxed), 0, "two runs at once");
        self.runs.store(self.runs.load(Relaxed) + 1, Relaxed);
        self.inside.fetch_sub(1, Relaxed);
        run.finish();
    }

    /// Returns whether the call ran.
    fn call(&self) -> bool {
        match self.gate.arrive(LEADING) {
            Arrival::Run(run) => {
                self.perform(run);
                true
            }
            // The owner leaves at once: that is another model's subject.
            Arrival::Defer(_) | Arrival::Coalesced(_) => false,
        }
    }

    fn try_call(&self) -> bool {
        self.gate.try_start(LEADING).map(|run| self.perform(run)).is_ok()
    }
}

fn callers(bound: Bound, names: &str, calls: &'static [fn(&Shared) -> bool], minimum: usize) {
    let claim = format!("runs by {names} never overlap");
    let all_ran = Tally::new();
    let counted = all_ran.clone();
    explore(bound, &[G2], &claim, move || {
        // There is no spacing: nothing but the run in progress keeps a call from running.
        let shared = Arc::new(Shared {
            gate: Gate::new(Threshold::ZERO),
            inside: AtomicUsize::new(0),
            runs: AtomicUsize::new(0),
        });
        let threads: Vec<_> = calls[1..]
            .iter()
            .map(|call| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || call(&shared))
            })
            .collect();
        let mut ran = usize::from(calls[0](&shared));
        for thread in threads {
            ran += usize::from(thread.join().expect("a caller does not panic"));
        }
        assert!(ran > 0, "somebody runs");
        assert_eq!(shared.runs.load(Relaxed), ran, "no run was unseen by the next");
        assert!(!shared.gate.state().is_running());
        counted.count_if(ran == calls.len());
    })
    .at_least(minimum)
    .reached(&all_ran, "the calls ran one after the other")
    .passed();
}

#[test]
fn two_callers() {
    callers(Bound::Exhaustive, "two calls", &[Shared::call, Shared::call], 20_000);
}

#[test]
fn a_caller_and_one_that_only_tries() {
    callers(Bound::Exhaustive, "a call and one that only tries", &[Shared::call, Shared::try_call], 10_000);
}

#[test]
fn three_callers() {
    callers(
        Bound::Preemptions(2),
        "two calls and one that only tries",
        &[Shared::call, Shared::call, Shared::try_call],
        2000,
    );
}
