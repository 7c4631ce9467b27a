//! Plain memory, which only `unsafe` code can share. If a thread learns of a run by a read-modify-write, or by
//! the Acquire of `state`, there is happens-before and no race. A call that coalesces by a load has none: the
//! value arrives, and still it is a race. So the fences do not cover plain memory, and the documentation says
//! so.

use crate::recorded::{self, DECISION, Planted, Recorder};
use crate::scenario::{DUE, DUE_AGAIN, INSIDE, LEADING, gate, led, pending};
use atomic_throttle::State;
use atomic_throttle::gate::{Arrival, Fired, Flushed, Gate};
use axioms::Order::NonAtomic;
use axioms::{Judgement, Location, Model, Program};
use evidence::Check;
use evidence::Guarantee::{G2, G3};
use std::rc::Rc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// Memory that is not atomic, as one thread uses it.
struct Plain<'t> {
    location: Location,
    recorder: &'t Recorder,
}

impl Plain<'_> {
    fn read(&self) -> u64 {
        self.recorder.load(self.location, NonAtomic)
    }

    fn write(&self, value: u64) {
        self.recorder.store(self.location, value, NonAtomic);
    }
}

type Body = fn(&Gate, &Plain<'_>) -> u64;

/// Both threads, each with its fault if there is one.
fn judge(begins: State, bodies: [Body; 2], planted: [Option<Planted>; 2]) -> Judgement {
    let program = program(begins, bodies, planted);
    let judgement = program.judge(Model::CPP20);
    assert_eq!(program.judge(Model::BUFFERED), judgement, "nothing rests on the axiom against thin air");
    judgement
}

fn program(begins: State, bodies: [Body; 2], planted: [Option<Planted>; 2]) -> Program {
    let mut program = Program::new();
    program.spurious_failures(evidence::depth(1, 2));
    let (gate, locations) = gate(&mut program, begins);
    let location = program.location(0);
    for (body, planted) in bodies.into_iter().zip(planted) {
        let (gate, locations) = (Rc::clone(&gate), locations.clone());
        program.thread(move |thread| {
            let returned = recorded::perform(thread, &locations, planted, |recorder| {
                body(&gate, &Plain { location, recorder })
            });
            [returned.expect("nobody sleeps here")]
        });
    }
    program
}

const UNDEFINED: u64 = 9;

fn runs_and_writes(gate: &Gate, data: &Plain) -> u64 {
    let Ok(run) = gate.try_start(LEADING) else { return 0 };
    data.write(1);
    run.finish();
    1
}

fn starts_and_reads(gate: &Gate, data: &Plain) -> u64 {
    let Ok(run) = gate.try_start(DUE_AGAIN) else { return UNDEFINED };
    let seen = data.read();
    run.finish();
    seen
}

fn reads_what_has_finished(gate: &Gate, data: &Plain) -> u64 {
    let state = gate.state();
    let finished = state.epoch().as_u64() == LEADING.as_nanos() && !state.is_running();
    if finished { data.read() } else { UNDEFINED }
}

fn writes_and_defers(gate: &Gate, data: &Plain) -> u64 {
    data.write(1);
    let Arrival::Defer(deferral) = gate.arrive(INSIDE) else { panic!("the window is closed") };
    std::mem::forget(deferral);
    0
}

/// Runs only if the other thread has deferred.
fn takes_over_and_reads(gate: &Gate, data: &Plain) -> u64 {
    let Flushed::Run(run) = gate.flush(DUE) else { return UNDEFINED };
    let seen = data.read();
    run.finish();
    seen
}

/// The accesses that the word itself orders: each pair of threads, and the orderings that the order rests on.
fn ordered() -> [(&'static str, State, [Body; 2], [Planted; 2]); 3] {
    let at = |at, order| Planted { at, order };
    [
        (
            "a run and the next one",
            State::NEW,
            [runs_and_writes, starts_and_reads],
            [at("FINISH", Relaxed), at("START", Release)],
        ),
        (
            "a run and whoever sees it finished",
            State::NEW,
            [runs_and_writes, reads_what_has_finished],
            [at("FINISH", Relaxed), at("LOOK", Relaxed)],
        ),
        (
            "a deferred call and the run that takes over",
            led(),
            [writes_and_defers, takes_over_and_reads],
            [at(DECISION, Acquire), at("START", Release)],
        ),
    ]
}

#[test]
fn plain_memory_does_not_race_where_the_word_is_moved() {
    for (what, begins, bodies, _) in ordered() {
        let check = Check::of(&[G2, G3], format!("RC11, the gate's source: plain memory, {what}, no race"));
        let judgement = judge(begins, bodies, [None; 2]);
        assert_eq!(judgement.racing, 0, "{what}");
        assert!(judgement.count(|o| o.threads[1] == [1]) > 0, "{what}: it reads what was written");
        check.passed(judgement.executions, "executions");
    }
}

#[test]
fn with_a_weaker_ordering_it_races() {
    for (what, begins, bodies, weaker) in ordered() {
        for (thread, planted) in weaker.into_iter().enumerate() {
            let mut faults = [None; 2];
            faults[thread] = Some(planted);
            let judgement = judge(begins, bodies, faults);
            assert!(judgement.racing > 0, "{what}: {planted:?}");
            let fault = format!("plain memory, {what}: {planted}");
            let (racing, of) = (judgement.racing, judgement.executions);
            evidence::caught(&fault, &format!("RC11: a race in {racing} of {of} executions"));
        }
    }
}

#[test]
fn a_call_that_coalesces_by_a_load_races_though_its_value_arrives() {
    let writes_and_coalesces: Body = |gate, data| {
        data.write(1);
        gate.coalesce().is_some().into()
    };
    let fires_and_reads: Body = |gate, data| {
        let Fired::Run(run) = gate.claim(pending().epoch()).fire(DUE) else { panic!("it is due") };
        let seen = data.read();
        run.finish();
        seen
    };
    let judgement = judge(pending(), [writes_and_coalesces, fires_and_reads], [None; 2]);
    assert!(judgement.count(|o| o.threads == [[1], [1]]) > 0, "it is told that it is covered, and is seen");
    assert_eq!(judgement.count(|o| o.threads == [[1], [0]]), 0, "the value arrives");
    assert!(judgement.racing > 0, "and yet it is a race");
}
