//! G2 and G3: a finish publishes what the run did, and comes after it.

use crate::fault::{Fault, plant};
use atomic_throttle::Threshold;
use atomic_throttle::gate::{Arrival, Gate, Run};
use evidence::Guarantee::{G2, G3};
use evidence::caught;
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread;
use loom_tests::LEADING;
use loom_tests::{Bound, Tally, explore, search};
use std::sync::Arc;

/// What was counted.
#[derive(Clone, Default)]
struct Seen {
    /// A look at the state, or a second run, saw that the run had finished.
    finished: Tally,
    /// It saw that, and did not see what the run did.
    missed: Tally,
    /// Two runs were in progress.
    overlaps: Tally,
}

type Model = fn(&Seen);

/// A run writes and finishes, while another thread looks at the state.
fn run_against_look(seen: &Seen) {
    let shared = Arc::new((Gate::new(Threshold::ZERO), AtomicUsize::new(0)));
    let runner = thread::spawn({
        let shared = Arc::clone(&shared);
        move || {
            let Arrival::Run(run) = shared.0.arrive(LEADING) else { panic!("nobody else runs") };
            shared.1.store(1, Relaxed);
            run.finish();
        }
    });
    let state = shared.0.state();
    let finished = state.epoch().as_u64() > 0 && !state.is_running();
    seen.finished.count_if(finished);
    seen.missed.count_if(finished && shared.1.load(Relaxed) != 1);
    runner.join().expect("no panic");
}

/// Two calls; the one that runs second should see what the first did. `perform` calls the function of a run,
/// and finishes it.
fn run_against_run(seen: &Seen, perform: fn(Run<'_>, &mut dyn FnMut())) {
    struct Shared {
        gate: Gate,
        inside: AtomicUsize,
        runs: AtomicUsize,
    }
    let call = move |shared: &Shared, seen: &Seen| {
        let Ok(run) = shared.gate.try_start(LEADING) else { return };
        let is_second = run.epoch().as_u64() > LEADING.as_nanos();
        perform(run, &mut || {
            seen.overlaps.count_if(shared.inside.fetch_add(1, Relaxed) > 0);
            seen.missed.count_if(is_second && shared.runs.load(Relaxed) != 1);
            shared.runs.store(1, Relaxed);
            shared.inside.fetch_sub(1, Relaxed);
        });
        seen.finished.count_if(is_second);
    };
    let shared = Arc::new(Shared {
        gate: Gate::new(Threshold::ZERO),
        inside: AtomicUsize::new(0),
        runs: AtomicUsize::new(0),
    });
    let other = thread::spawn({
        let (shared, seen) = (Arc::clone(&shared), seen.clone());
        move || call(&shared, &seen)
    });
    call(&shared, seen);
    other.join().expect("no panic");
}

fn as_shipped(run: Run<'_>, function: &mut dyn FnMut()) {
    function();
    run.finish();
}

/// Planted: the run is no longer in progress when the function is called.
fn finish_first(run: Run<'_>, function: &mut dyn FnMut()) {
    run.finish();
    function();
}

fn of(seen: &Seen, model: impl Fn(&Seen) + Send + Sync + 'static) -> impl Fn() + Send + Sync + 'static {
    let seen = seen.clone();
    move || model(&seen)
}

#[test]
fn as_they_are() {
    let models: [(&str, Model); 2] = [
        ("what a run did against a look at the state", run_against_look),
        ("what a run did against the next run", |seen| run_against_run(seen, as_shipped)),
    ];
    for (claim, model) in models {
        let seen = Seen::default();
        explore(Bound::Exhaustive, &[G2, G3], claim, of(&seen, model))
            .at_least(40)
            .reached(&seen.finished, "the run was seen to have finished")
            .never(&seen.missed, "what it did was missed")
            .never(&seen.overlaps, "two runs overlap")
            .passed();
    }
}

/// Explores `model` with the fault, and reports how often `broken` was counted.
fn fails(fault: &str, planted: Fault, model: Model, found: &str, broken: fn(&Seen) -> &Tally) {
    let seen = Seen::default();
    plant(planted);
    let executions = search(Bound::Exhaustive, of(&seen, model));
    plant(Fault::Nothing);
    let times = broken(&seen).total();
    assert!(times > 0, "{fault}: not found in {executions} executions");
    caught(fault, &format!("loom: {found} in {times} of {executions} executions"));
}

#[test]
fn a_finish_without_release_hides_the_run() {
    let fault = "a finish without Release";
    let found = "what a run did is missed by a look at the state";
    fails(fault, Fault::RelaxedFinish, run_against_look, found, |seen| &seen.missed);
    let model: Model = |seen| run_against_run(seen, as_shipped);
    fails(fault, Fault::RelaxedFinish, model, "what a run did is missed by the next", |seen| &seen.missed);
}

#[test]
fn a_look_without_acquire_misses_the_run() {
    let found = "what a run did is missed by a look at the state";
    fails("a look at the state without Acquire", Fault::RelaxedLook, run_against_look, found, |seen| {
        &seen.missed
    });
}

#[test]
fn a_finish_before_the_function_lets_runs_overlap() {
    let model: Model = |seen| run_against_run(seen, finish_first);
    fails("a finish before the function", Fault::Nothing, model, "two runs overlap", |seen| &seen.overlaps);
}
