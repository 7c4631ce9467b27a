//! G5: no thread sleeps on when what it waits for has come. A waiter counts itself and looks; a thread that
//! moves the word looks for waiters. A wake-up is lost if the one sleeps and the other leaves the notification
//! out.
//!
//! A thread that has gone to sleep is not followed further: other checks show what it does when it is woken.
//! The event is a model, and not its source.

use crate::recorded::{self, Planted};
use crate::scenario::{DUE, INSIDE, LEADING, THRESHOLD, pending};
use atomic_throttle::gate::Fired;
use atomic_throttle::state::Abandon;
use atomic_throttle::{Clock, State, Throttle, Timestamp};
use axioms::{FinalState, Judgement, Model, Program};
use evidence::Check;
use evidence::Guarantee::G5;
use std::rc::Rc;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::time::Duration;

const SLEEPS: u64 = 9;

/// A clock that stands still.
struct Still(Timestamp);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// Someone waits while someone else moves the word.
pub struct Encounter {
    pub what: &'static str,
    begins: State,
    now: Timestamp,
    /// Returns unless it sleeps.
    waits: fn(&Throttle<Still>),
    /// Brings about what the waiter waits for, and notifies. Returns false if it did not come to that.
    moves: fn(&Throttle<Still>) -> bool,
}

pub fn encounters() -> [Encounter; 3] {
    [
        Encounter {
            what: "a coalesced call waits for its run",
            begins: pending(),
            now: DUE,
            waits: |throttle| _ = throttle.wait_for_cover(pending().epoch()),
            moves: |throttle| {
                let deferral = throttle.gate().claim(pending().epoch());
                let Fired::Run(run) = deferral.fire(DUE) else { panic!("it is due") };
                run.finish();
                throttle.retime();
                true
            },
        },
        Encounter {
            what: "an owner waits, and is cancelled",
            begins: pending(),
            now: INSIDE,
            waits: |throttle| {
                let turn = throttle.wait_for_turn(throttle.gate().claim(pending().epoch()));
                assert!(matches!(turn, Err(Abandon::Cancelled)), "the window is not over");
            },
            moves: |throttle| {
                assert!(throttle.gate().cancel(), "a run is pending");
                throttle.retime();
                true
            },
        },
        Encounter {
            what: "an owner waits for the run in progress to finish",
            begins: State::NEW,
            now: DUE,
            waits: |throttle| {
                let (_, epoch) = throttle.gate().request();
                let _ = throttle.wait_for_turn(throttle.gate().claim(epoch));
            },
            moves: |throttle| {
                let Ok(run) = throttle.gate().try_start(LEADING) else { return false };
                run.finish();
                throttle.retime();
                true
            },
        },
    ]
}

pub const WAITER: usize = 0;
pub const MOVER: usize = 1;

/// Each thread with the fault planted in it, if there is one.
pub fn program(encounter: &Encounter, planted: [Option<Planted>; 2]) -> Program {
    let mut program = Program::new();
    program.spurious_failures(evidence::depth(1, 2));
    let threshold = Duration::from_nanos(THRESHOLD.as_nanos());
    let throttle = Rc::new(Throttle::with_clock(threshold, Still(encounter.now)));
    let locations = recorded::locations(&mut program, encounter.begins.to_word(), || {
        let _ = (throttle.gate().state(), throttle.gate().threshold());
        throttle.retime(); // It looks at the number of waiters.
    });
    let (waiting, locations_of_waiting) = (Rc::clone(&throttle), locations.clone());
    let waits = encounter.waits;
    program.thread(move |thread| {
        let returned = recorded::perform(thread, &locations_of_waiting, planted[WAITER], |_| waits(&waiting));
        [if returned.is_some() { 0 } else { SLEEPS }]
    });
    let moves = encounter.moves;
    program.thread(move |thread| {
        let returned = recorded::perform(thread, &locations, planted[MOVER], |recorder| {
            [moves(&throttle).into(), recorder.has_woken().into()]
        });
        returned.expect("it waits for nobody")
    });
    program
}

fn judge(encounter: &Encounter, planted: [Option<Planted>; 2]) -> Judgement {
    program(encounter, planted).judge(Model::CPP20)
}

/// The word was moved, the waiter sleeps, and nobody has woken it.
pub fn lost(outcome: &FinalState) -> bool {
    outcome.threads == [vec![SLEEPS], vec![1, 0]]
}

#[test]
fn no_wake_up_is_lost() {
    for encounter in encounters() {
        let check =
            Check::of(&[G5], format!("RC11, the source of waiting: {}, no wake-up is lost", encounter.what));
        let judgement = judge(&encounter, [None; 2]);
        assert_eq!(judgement.count(lost), 0, "{}", encounter.what);
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
                assert!(judgement.count(lost) > 0, "{}: {at} {order:?}", encounter.what);
                found += judgement.count(lost);
                of += judgement.executions;
            }
            let fault = format!("one who waits: {}", Planted { at, order });
            evidence::caught(&fault, &format!("RC11: a wake-up is lost in {found} of {of} executions"));
        }
    }
}
