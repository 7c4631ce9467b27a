//! A thread that sees that a run has finished sees what it did: by the state, also after later calls have moved
//! the word, and by the start of the next run (G2).

use crate::recorded::Planted;
use crate::scenario::{DUE_AGAIN, LEADING, Scenario};
use atomic_throttle::State;
use axioms::{Departure, FinalState, Model};
use evidence::Check;
use evidence::Guarantee::{self, G2, G3};
use std::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release};

pub const RUNNER: usize = 0;
pub const READER: usize = 1;

/// The first thread runs and writes.
fn scenario(planted: &[(usize, Planted)]) -> Scenario {
    let mut scenario = Scenario::new(State::NEW, planted);
    scenario.thread(|shared| {
        let Ok(run) = shared.gate.try_start(LEADING) else { return [0, 0] };
        shared.write();
        run.finish();
        [1, 1]
    });
    scenario
}

/// The second thread looks at the state.
fn seen_by_state(planted: &[(usize, Planted)]) -> Scenario {
    let mut scenario = scenario(planted);
    scenario.thread(|shared| {
        let state = shared.gate.state();
        let finished = state.epoch().as_u64() == LEADING.as_nanos() && !state.is_running();
        // 2 means that a later call has moved the word on.
        let saw = if !finished {
            0
        } else if state.is_pending() {
            2
        } else {
            1
        };
        [saw, shared.read()]
    });
    scenario
}

/// In addition, a third thread requests another run.
fn seen_by_state_after_a_call(planted: &[(usize, Planted)]) -> Scenario {
    let mut scenario = seen_by_state(planted);
    scenario.thread(|shared| {
        let _ = shared.gate.request();
        []
    });
    scenario
}

/// The second thread starts the next run.
fn seen_by_next_run(planted: &[(usize, Planted)]) -> Scenario {
    let mut scenario = scenario(planted);
    scenario.thread(|shared| {
        let Ok(run) = shared.gate.try_start(DUE_AGAIN) else { return [0, 0] };
        let seen = shared.read();
        run.finish();
        [1, seen]
    });
    scenario
}

fn reached(scenario: &Scenario, saw: u64) -> usize {
    scenario.judge().count(|o| o.threads[RUNNER] == [1, 1] && o.threads[READER][0] == saw)
}

/// The second thread saw that the run had finished, but not what it wrote.
fn stale(scenario: &Scenario, model: Model) -> (usize, usize) {
    let judgement = scenario.judge_by(model);
    (judgement.count(is_stale), judgement.executions)
}

pub fn is_stale(outcome: &FinalState) -> bool {
    let saw = &outcome.threads[READER];
    outcome.threads[RUNNER] == [1, 1] && saw[0] > 0 && saw[1] == 0
}

pub type Make = fn(&[(usize, Planted)]) -> Scenario;

pub const SCENARIOS: [(&[Guarantee], &str, Make, &[u64]); 3] = [
    (&[G3], "whoever sees a run finished sees what it did", seen_by_state, &[1]),
    (
        &[G3],
        "whoever sees a run finished after a later call sees what it did",
        seen_by_state_after_a_call,
        &[1, 2],
    ),
    (&[G2], "the next run sees what the one before it did", seen_by_next_run, &[1]),
];

#[test]
fn what_a_run_did_is_seen() {
    for (guarantees, what, make, saw) in SCENARIOS {
        let check = Check::of(guarantees, format!("RC11, the gate's source: {what}"));
        let (stale, executions) = stale(&make(&[]), Model::CPP20);
        assert_eq!(stale, 0, "{what}");
        for &saw in saw {
            assert!(reached(&make(&[]), saw) > 0, "{what}: {saw} is seen");
        }
        check.passed(executions, "executions");
    }
}

#[test]
fn with_a_weaker_ordering_it_is_not() {
    let by_state: [(usize, &str, &[Ordering]); 2] =
        [(RUNNER, "FINISH", &[Relaxed, Acquire]), (READER, "LOOK", &[Relaxed])];
    let by_start: [(usize, &str, &[Ordering]); 2] =
        [(RUNNER, "FINISH", &[Relaxed, Acquire]), (READER, "START", &[Relaxed, Release])];
    for ((_, what, make, _), faults) in SCENARIOS.into_iter().zip([by_state, by_state, by_start]) {
        for (thread, at, orders) in faults {
            for &order in orders {
                let (stale, executions) = stale(&make(&[(thread, Planted { at, order })]), Model::CPP20);
                assert!(stale > 0, "{what}: {at} {order:?}");
                let fault = format!("{what}: {}", Planted { at, order });
                evidence::caught(
                    &fault,
                    &format!("RC11: a stale value in {stale} of {executions} executions"),
                );
            }
        }
    }
}

/// A start publishes by its fence, and takes over by it. An acquire fence is enough to see the run before it;
/// the fence is SC because of the calls that coalesce.
#[test]
fn the_next_run_needs_no_more_than_an_acquire_fence() {
    for order in [Acquire, AcqRel] {
        let scenario = seen_by_next_run(&[(READER, Planted { at: "START", order })]);
        assert_eq!(stale(&scenario, Model::CPP20).0, 0, "{order:?}");
    }
}

/// The calls that move the word on are read-modify-writes, which continue the release sequence of the finish.
/// In a model without that rule, they hide what the run did.
#[test]
fn a_later_call_hides_nothing_because_it_is_a_read_modify_write() {
    let model = Model::CPP20.with(Departure::NoReleaseSequences);
    assert_eq!(stale(&seen_by_state(&[]), model).0, 0);
    assert!(stale(&seen_by_state_after_a_call(&[]), model).0 > 0);
}
