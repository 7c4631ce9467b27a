//! Each promise of the gate and of the waiting once more, by the models in which loads are buffered: C++20 without
//! the axiom against thin air, `ARMv8` and RISC-V. Of a processor the weaker choice of instructions is judged, each
//! read-modify-write as a pair; as one instruction it orders more.
//!
//! Three threads, or two runs, take long: these are judged by `--deep` alone, and by C++20 always, in the other files.
//!
//! The faults are left out fences and weak orderings, one in one thread. Every model needs each of them.

use crate::recorded::{DECISION, Planted};
use crate::{coverage, leaving, publication, takeover, waiting, windows};
use axioms::{FinalState, Model, Program};
use evidence::Check;
use evidence::Guarantee::{self, G3, G5};
use std::sync::atomic::Ordering::Relaxed;

const MODELS: [(&str, Model); 3] = [
    ("C++20, loads buffered", Model::BUFFERED),
    ("ARMv8, exclusives", Model::ARMV8),
    ("RISC-V, lr/sc", Model::RISCV),
];

/// A thread, and the name of the order that is Relaxed in it.
type Fault = (usize, &'static str);

struct Promise {
    guarantees: &'static [Guarantee],
    what: String,
    make: Box<dyn Fn(Option<Fault>) -> Program>,
    wrong: fn(&FinalState) -> bool,
    faults: Vec<Fault>,
    /// Whether it takes long.
    is_long: bool,
}

fn planted(fault: Option<Fault>) -> Vec<(usize, Planted)> {
    fault.map(|(thread, at)| (thread, Planted { at, order: Relaxed })).into_iter().collect()
}

fn of_calls() -> Vec<Promise> {
    let covered = coverage::CALLS.map(|(name, call)| Promise {
        guarantees: &[G3],
        what: format!("{name} against a start misses no update"),
        make: Box::new(move |fault| coverage::call_against_fire(call, &planted(fault)).into_program()),
        wrong: coverage::missed,
        faults: vec![(coverage::CALLER, DECISION), (coverage::OWNER, "START")],
        is_long: false,
    });
    let taken_over = takeover::CALLS.map(|(name, call)| Promise {
        guarantees: &[G3],
        what: format!("what {name} left is seen by whoever takes it over"),
        make: Box::new(move |fault| takeover::call_against_start(call, &planted(fault)).into_program()),
        wrong: takeover::missed,
        faults: vec![(takeover::CALLER, DECISION), (takeover::STARTER, "START")],
        is_long: false,
    });
    covered.into_iter().chain(taken_over).collect()
}

fn of_runs() -> Vec<Promise> {
    let others =
        [(publication::READER, "LOOK"), (publication::READER, "LOOK"), (publication::READER, "START")];
    let published = publication::SCENARIOS.into_iter().zip(others);
    let published = published.map(|((guarantees, what, make, _), reader)| Promise {
        guarantees,
        what: what.to_owned(),
        make: Box::new(move |fault| make(&planted(fault)).into_program()),
        wrong: publication::is_stale,
        faults: vec![(publication::RUNNER, "FINISH"), reader],
        is_long: what.contains("after a later call"),
    });
    let windows = [
        ("one thread performs both runs", windows::in_one_thread as publication::Make),
        ("two threads perform the two runs", windows::in_two_threads),
    ];
    let windows = windows.map(|(what, make)| Promise {
        guarantees: &[G3],
        what: format!("two windows: {what}, none misses an update"),
        make: Box::new(move |fault| make(&planted(fault)).into_program()),
        wrong: windows::missed,
        faults: vec![(windows::CALLER, DECISION), (windows::OWNER, "START")],
        is_long: what.starts_with("two threads"),
    });
    published.chain(windows).collect()
}

fn of_owners_that_leave() -> Vec<Promise> {
    let calls = [("coalesce", leaving::coalesces as leaving::Call), ("arrive", leaving::arrives)];
    let leaving = calls.map(|(name, call)| Promise {
        guarantees: &[G3],
        what: format!("{name} while the owner leaves is seen by the next run, or owed"),
        make: Box::new(move |fault| {
            leaving::call_against_leaving_owner(call, &planted(fault)).into_program()
        }),
        wrong: leaving::missed,
        faults: vec![(leaving::CALLER, DECISION), (leaving::STARTER, "START")],
        is_long: name == "arrive",
    });
    let cancelled = Promise {
        guarantees: &[G3],
        what: "a call between a cancel and a start is seen, or cancelled".to_owned(),
        make: Box::new(|fault| leaving::call_against_fire_and_cancel(&planted(fault)).into_program()),
        wrong: leaving::lost,
        faults: vec![(leaving::CALLER, DECISION), (leaving::OWNER, "START")],
        is_long: true,
    };
    let revived = Promise {
        guarantees: &[G3],
        what: "a call that revives a cancelled run is seen by it".to_owned(),
        make: Box::new(|_| leaving::call_against_cancelled_owner().into_program()),
        wrong: leaving::unseen,
        faults: Vec::new(),
        is_long: false,
    };
    leaving.into_iter().chain([cancelled, revived]).collect()
}

fn of_waiting() -> Vec<Promise> {
    let encounters = waiting::encounters().into_iter();
    let promises = encounters.map(|encounter| Promise {
        guarantees: &[G5],
        what: format!("{}, no wake-up is lost", encounter.what),
        is_long: encounter.what.contains("run in progress"),
        make: Box::new(move |fault| {
            let mut faults = [None; 2];
            for (thread, planted) in planted(fault) {
                faults[thread] = Some(planted);
            }
            waiting::program(&encounter, faults)
        }),
        wrong: waiting::lost,
        faults: vec![(waiting::WAITER, "REGISTER"), (waiting::MOVER, "NOTIFY")],
    });
    promises.collect()
}

/// The promises that are to be judged.
fn chosen(promises: Vec<Promise>) -> impl Iterator<Item = Promise> {
    promises.into_iter().filter(|promise| evidence::deep() || !promise.is_long)
}

/// With one spurious failure in each thread.
fn program(promise: &Promise, fault: Option<Fault>) -> Program {
    let mut program = (promise.make)(fault);
    program.spurious_failures(1);
    program
}

/// Judges each promise by each model. By that of the language alone, without buffers, the same outcomes are
/// reached, so the claims are not empty.
fn judge(promises: Vec<Promise>) {
    for promise in chosen(promises) {
        let program = program(&promise, None);
        let known = program.judge(Model::CPP20);
        for (name, model) in MODELS {
            let check =
                Check::of(promise.guarantees, format!("{name}, the library's source: {}", promise.what));
            let judgement = program.judge(model);
            assert_eq!(judgement.count(promise.wrong), 0, "{name}: {}", promise.what);
            for outcome in known.outcomes.keys() {
                assert!(judgement.outcomes.contains_key(outcome), "{name}, {}: {outcome:?}", promise.what);
            }
            check.passed(judgement.executions, "executions");
        }
    }
}

/// Leaves each fence out, and weakens each other order, by each model.
fn weaken(promises: Vec<Promise>) {
    for promise in chosen(promises) {
        for &fault in &promise.faults {
            let program = program(&promise, Some(fault));
            for (name, model) in MODELS {
                let judgement = program.judge(model);
                let (wrong, of) = (judgement.count(promise.wrong), judgement.executions);
                assert!(wrong > 0, "{name}, {}: {} is not needed", promise.what, fault.1);
                let planted = Planted { at: fault.1, order: Relaxed };
                let fault = format!("{}: {planted}, on {name}", promise.what);
                evidence::caught(&fault, &format!("{name}: it goes wrong in {wrong} of {of} executions"));
            }
        }
    }
}

#[test]
fn calls_keep_their_promises() {
    judge(of_calls());
}

#[test]
fn runs_keep_their_promises() {
    judge(of_runs());
}

#[test]
fn owners_that_leave_keep_their_promises() {
    judge(of_owners_that_leave());
}

#[test]
fn waiting_keeps_its_promise() {
    judge(of_waiting());
}

#[test]
fn calls_need_their_orders() {
    weaken(of_calls());
}

#[test]
fn runs_need_their_orders() {
    weaken(of_runs());
}

#[test]
fn owners_that_leave_need_their_orders() {
    weaken(of_owners_that_leave());
}

#[test]
fn waiting_needs_its_orders() {
    weaken(of_waiting());
}
