//! G5: no thread sleeps on when what it waits for has come. A waiter counts itself and looks; a thread that
//! moves the word looks for waiters. A wake-up is lost if the one sleeps and the other leaves the notification
//! out.
//!
//! A thread that has gone to sleep is not followed further: other checks show what it does when it is woken.
//! The event is a model, and not its source.

use crate::clock::Still;
use crate::gate::{Fired, Gate};
use crate::scenario::{DUE, INSIDE, LEADING, THRESHOLD, pending};
use crate::state::State;
use crate::sync::{self, AtomicU32, Event, Planted};
use crate::time::Timestamp;
use crate::wait::{Turn, Waiting};
use axioms::Order::{AcqRel, Acquire, Relaxed, Release};
use axioms::{Judgement, Model, Program};
use evidence::Check;
use evidence::Guarantee::G5;
use std::rc::Rc;

const SLEEPS: u64 = 9;

/// The parts of a throttle that waiting needs.
struct Parts {
    gate: Gate,
    clock: Still,
    event: Event,
    waiters: AtomicU32,
}

impl Parts {
    fn waiting(&self) -> Waiting<'_, Still> {
        Waiting { gate: &self.gate, clock: &self.clock, event: &self.event, waiters: &self.waiters }
    }
}

/// Someone waits while someone else moves the word.
struct Encounter {
    what: &'static str,
    begins: State,
    now: Timestamp,
    /// Returns unless it sleeps.
    waits: fn(&Parts),
    /// Brings about what the waiter waits for, and notifies. Returns false if it did not come to that.
    moves: fn(&Parts) -> bool,
}

fn encounters() -> [Encounter; 3] {
    [
        Encounter {
            what: "a coalesced call waits for its run",
            begins: pending(),
            now: DUE,
            waits: |throttle| _ = throttle.waiting().for_cover(pending().epoch(), None),
            moves: |throttle| {
                let deferral = throttle.gate.claim(pending().epoch());
                let Fired::Run(run) = deferral.fire(DUE) else { panic!("it is due") };
                run.finish();
                throttle.waiting().notify();
                true
            },
        },
        Encounter {
            what: "an owner waits, and is cancelled",
            begins: pending(),
            now: INSIDE,
            waits: |throttle| {
                let turn = throttle.waiting().for_turn(throttle.gate.claim(pending().epoch()), None, || ());
                assert!(matches!(turn, Turn::Cancelled), "the window is not over");
            },
            moves: |throttle| {
                assert!(throttle.gate.cancel(), "a run is pending");
                throttle.waiting().notify();
                true
            },
        },
        Encounter {
            what: "an owner waits for the run in progress to finish",
            begins: State::NEW,
            now: DUE,
            waits: |throttle| {
                let (_, epoch) = throttle.gate.request();
                let _ = throttle.waiting().for_turn(throttle.gate.claim(epoch), None, || ());
            },
            moves: |throttle| {
                let Ok(run) = throttle.gate.try_start(LEADING) else { return false };
                run.finish();
                throttle.waiting().notify();
                true
            },
        },
    ]
}

const WAITER: usize = 0;
const MOVER: usize = 1;

/// Each thread with the fault planted in it, if there is one.
fn judge(encounter: &Encounter, planted: [Option<Planted>; 2]) -> Judgement {
    let mut program = Program::new();
    program.spurious_failures(evidence::depth(1, 2));
    let throttle = sync::with_atomics_of(&mut program, encounter.begins.to_word(), || Parts {
        gate: Gate::new(THRESHOLD),
        clock: Still(encounter.now),
        event: Event::new(),
        waiters: AtomicU32::new(0),
    });
    let throttle = Rc::new(throttle);
    let shared = Rc::clone(&throttle);
    let waits = encounter.waits;
    program.thread(move |thread| {
        let returned = sync::perform(thread, planted[WAITER], || waits(&shared));
        [if returned.is_some() { 0 } else { SLEEPS }]
    });
    let moves = encounter.moves;
    program.thread(move |thread| {
        let report = || [moves(&throttle).into(), sync::has_woken().into()];
        sync::perform(thread, planted[MOVER], report).expect("it waits for nobody")
    });
    program.judge(Model::CPP20)
}

/// The word was moved, the waiter sleeps, and nobody has woken it.
fn lost(judgement: &Judgement) -> usize {
    judgement.count(|o| o.threads == [vec![SLEEPS], vec![1, 0]])
}

#[test]
fn no_wake_up_is_lost() {
    for encounter in encounters() {
        let check =
            Check::of(&[G5], format!("RC11, the source of waiting: {}, no wake-up is lost", encounter.what));
        let judgement = judge(&encounter, [None; 2]);
        assert_eq!(lost(&judgement), 0, "{}", encounter.what);
        let woken = judgement.count(|o| o.threads == [vec![SLEEPS], vec![1, 1]]);
        assert!(woken > 0, "{}: a sleeper is woken", encounter.what);
        let left_out = judgement.count(|o| o.threads == [vec![0], vec![1, 0]]);
        assert!(left_out > 0, "{}: a notification is left out", encounter.what);
        check.passed(judgement.executions, "executions");
    }
}

#[test]
fn with_a_weaker_fence_a_wake_up_is_lost() {
    for (thread, at) in [(WAITER, "REGISTER"), (MOVER, "NOTIFY")] {
        for order in [Relaxed, Acquire, Release, AcqRel] {
            let (mut found, mut of) = (0, 0);
            for encounter in encounters() {
                let mut planted = [None; 2];
                planted[thread] = Some(Planted { at, order });
                let judgement = judge(&encounter, planted);
                assert!(lost(&judgement) > 0, "{}: {at} {order:?}", encounter.what);
                found += lost(&judgement);
                of += judgement.executions;
            }
            let fault = format!("one who waits: {}", Planted { at, order });
            evidence::caught(&fault, &format!("RC11: a wake-up is lost in {found} of {of} executions"));
        }
    }
}
