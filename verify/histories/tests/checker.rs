//! The checker and the specifications, on histories made by hand, whose verdict is known, and on made-up ones,
//! which the checker must judge alike with and without its memory.

use histories::answer::Answer;
use histories::gate_spec::{GateSpec, Operation};
use histories::history::History;
use histories::record::Call;
use histories::threshold_spec::{ThresholdSpec, as_one_object, as_promised};
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use reference::{Event, Model, Promise, Told};
use stateright::semantics::SequentialSpec;
use watchdog as _;

const THRESHOLD: u64 = 10;

const FIRST: Operation = Operation::Event(Event::Arrive { now: 5 });
const SECOND: Operation = Operation::Event(Event::Arrive { now: 6 });
const RUN: Answer = Answer::Run { epoch: 5, released_owner: Some(false) };
const DEFER: Answer = Answer::In { told: Told::Defer(15), epoch: 5 };
const NOT_PENDING: Answer = Answer::Told(Told::Nothing);

type GateHistory = History<Operation, Answer>;

/// Each call: its thread, its moments, the question and the answer.
fn history(calls: &[(usize, u64, u64, Operation, Answer)]) -> GateHistory {
    let call =
        |&(thread, called, returned, operation, answer)| Call { thread, called, returned, operation, answer };
    History { seed: 0, threshold: THRESHOLD, calls: calls.iter().map(call).collect() }
}

fn is_linearizable(history: &GateHistory) -> bool {
    let spec = GateSpec::new(history.threshold);
    let judged = history.is_linearizable(spec);
    assert_eq!(judged, history.is_linearizable_by_all_orders(spec), "{history}");
    judged
}

#[test]
fn calls_that_overlap_may_take_either_order() {
    assert!(is_linearizable(&history(&[(0, 0, 3, FIRST, RUN), (1, 1, 2, SECOND, DEFER)])));
    assert!(is_linearizable(&history(&[(0, 1, 2, FIRST, RUN), (1, 0, 3, SECOND, DEFER)])));
}

#[test]
fn calls_that_do_not_overlap_keep_their_order() {
    assert!(is_linearizable(&history(&[(0, 0, 1, FIRST, RUN), (1, 2, 3, SECOND, DEFER)])));
    assert!(!is_linearizable(&history(&[(1, 0, 1, SECOND, DEFER), (0, 2, 3, FIRST, RUN)])));
}

#[test]
fn two_runs_at_once_are_rejected() {
    let second_run = Answer::Run { epoch: 6, released_owner: Some(false) };
    assert!(!is_linearizable(&history(&[(0, 0, 3, FIRST, RUN), (1, 1, 2, SECOND, second_run)])));
}

#[test]
fn two_owners_are_rejected() {
    let calls = [(0, 0, 1, FIRST, RUN), (1, 2, 5, SECOND, DEFER), (2, 3, 4, SECOND, DEFER)];
    assert!(is_linearizable(&history(&calls[..2])));
    assert!(!is_linearizable(&history(&calls)));
}

#[test]
fn a_lost_deferral_is_rejected() {
    let left =
        |promise| Answer::State(Model { threshold: THRESHOLD, latest_start: 5, in_progress: true, promise });
    let calls = |promise| {
        history(&[
            (0, 0, 1, FIRST, RUN),
            (1, 2, 3, SECOND, DEFER),
            (2, 4, 5, Operation::State, left(promise)),
        ])
    };
    assert!(is_linearizable(&calls(Promise::Owned)));
    assert!(!is_linearizable(&calls(Promise::Nothing)));
}

#[test]
fn a_look_that_is_too_old_is_rejected() {
    let calls = |called| {
        history(&[
            (0, 0, 1, FIRST, RUN),
            (1, 2, 4, SECOND, DEFER),
            (2, called, 6, Operation::Coalesce, NOT_PENDING),
        ])
    };
    assert!(is_linearizable(&calls(3)));
    assert!(!is_linearizable(&calls(5)));
}

/// The history that `threshold_spec` draws.
#[test]
fn word_and_threshold_are_not_one_object() {
    let calls = |changing: u64, changed: u64| {
        history(&[
            (0, 10, 11, FIRST, RUN),
            (0, 12, 13, Operation::Event(Event::Finish { epoch: 5 }), finished()),
            (1, changing, changed, Operation::SetThreshold(0), NOT_PENDING),
            (0, 20, 29, SECOND, DEFER),
            (2, 27, 28, Operation::Coalesce, NOT_PENDING),
        ])
    };
    let spec = ThresholdSpec::new(THRESHOLD);
    let during_the_call = calls(21, 22);
    assert!(!as_one_object(&during_the_call).is_linearizable(spec));
    assert!(as_promised(&during_the_call).is_linearizable(spec));
    let before_the_call = calls(18, 19);
    assert!(!as_promised(&before_the_call).is_linearizable(spec));
}

fn finished() -> Answer {
    Answer::State(Model {
        threshold: THRESHOLD,
        latest_start: 5,
        in_progress: false,
        promise: Promise::Nothing,
    })
}

/// Calls in an order that the model answers, stretched in time so that they overlap.
fn made_up(random: &mut SmallRng) -> GateHistory {
    const CALLS: u64 = 9;
    let threads: Vec<usize> = (0..CALLS).map(|_| random.random_range(0..3)).collect();
    let mut spec = GateSpec::new(THRESHOLD);
    let mut free = [0; 3];
    let mut calls: Vec<Call<Operation, Answer>> = Vec::new();
    for (point, &thread) in (0..).step_by(10).zip(&threads) {
        let operation = operation(random);
        let answer = spec.invoke(&operation);
        let called = random.random_range(free[thread]..=point.max(free[thread]));
        let next = threads.iter().zip((0..).step_by(10)).find(|&(&other, at)| other == thread && at > point);
        let latest = next.map_or(point + 40, |(_, at)| at - 1);
        let returned = random.random_range(point + 1..=latest.max(point + 1));
        free[thread] = returned + 1;
        calls.push(Call { thread, called, returned, operation, answer });
    }
    History { seed: 0, threshold: THRESHOLD, calls }
}

fn operation(random: &mut SmallRng) -> Operation {
    let (now, epoch) = (random.random_range(1..40), random.random_range(0..3));
    let events = [
        Event::Arrive { now },
        Event::ArriveBy { now, latest: now + 5 },
        Event::Request,
        Event::Owe,
        Event::TryStart { now },
        Event::Fire { epoch, now },
        Event::Abandon { epoch },
        Event::Cancel,
        Event::Flush { now },
    ];
    match random.random_range(0..4) {
        0 => Operation::Coalesce,
        _ => Operation::Event(*events.choose(random).expect("there are events")),
    }
}

#[test]
fn the_memory_of_the_checker_changes_no_verdict() {
    let mut random = SmallRng::seed_from_u64(1);
    let (mut accepted, mut rejected) = (0, 0);
    for _ in 0..2_000 {
        let mut history = made_up(&mut random);
        assert!(is_linearizable(&history), "made from an order: {history}");
        let other = history.calls.choose(&mut random).expect("there are calls").answer;
        let wrong = random.random_range(0..history.calls.len());
        history.calls[wrong].answer = other;
        if is_linearizable(&history) {
            accepted += 1;
        } else {
            rejected += 1;
        }
    }
    println!("with an answer exchanged: {accepted} accepted, {rejected} rejected");
    assert!(accepted > 100 && rejected > 100);
}
