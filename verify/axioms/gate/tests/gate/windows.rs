//! G3 over two windows: a call that coalesces in some epoch is covered by the first run of a later epoch, in
//! whichever of the two windows that was, and whichever thread starts that run.

use crate::recorded::{DECISION, Planted};
use crate::scenario::{DUE, DUE_AGAIN, INSIDE_THE_SECOND, Scenario, Shared, pending};
use atomic_throttle::gate::{Arrival, Fired, Run};
use atomic_throttle::{Epoch, State};
use axioms::{FinalState, Judgement};
use evidence::Check;
use evidence::Guarantee::G3;
use std::sync::atomic::Ordering::{AcqRel, Relaxed};

pub const CALLER: usize = 0;
pub const OWNER: usize = 1;

fn scenario(planted: &[(usize, Planted)]) -> Scenario {
    let mut scenario = Scenario::new(pending(), planted);
    scenario.thread(|shared| {
        shared.write();
        let told = shared.gate.coalesce();
        [told.is_some().into(), told.map_or(0, Epoch::as_u64)]
    });
    scenario
}

/// The epoch of the run, and what it saw.
fn perform(shared: &Shared, run: Run<'_>) -> [u64; 2] {
    let report = [run.epoch().as_u64(), shared.read()];
    run.finish();
    report
}

fn fire_the_first(shared: &Shared) -> [u64; 2] {
    match shared.gate.claim(pending().epoch()).fire(DUE) {
        Fired::Run(run) => perform(shared, run),
        Fired::Gone => [0; 2],
        other => panic!("it is due, and no run outlasts the window: {other:?}"),
    }
}

/// Makes the deferral of the second window and fires it, or takes over that of the first.
fn fire_the_second(shared: &Shared) -> [u64; 2] {
    match shared.gate.arrive(INSIDE_THE_SECOND) {
        Arrival::Run(run) => perform(shared, run),
        Arrival::Coalesced(_) => panic!("the first window is over"),
        Arrival::Defer(deferral) => match deferral.fire(DUE_AGAIN) {
            Fired::Run(run) => perform(shared, run),
            Fired::Busy(deferral) => {
                // The run stays pending.
                std::mem::forget(deferral);
                [0; 2]
            }
            other => panic!("it is due, and nobody else takes it: {other:?}"),
        },
    }
}

/// One thread performs both runs.
pub fn in_one_thread(planted: &[(usize, Planted)]) -> Scenario {
    let mut scenario = scenario(planted);
    scenario.thread(|shared| {
        let ([first, seen_by_first], [second, seen_by_second]) =
            (fire_the_first(shared), fire_the_second(shared));
        [first, seen_by_first, second, seen_by_second]
    });
    scenario
}

/// Another thread performs the second.
pub fn in_two_threads(planted: &[(usize, Planted)]) -> Scenario {
    let mut scenario = scenario(planted);
    scenario.thread(fire_the_first);
    scenario.thread(fire_the_second);
    scenario
}

/// The call coalesced in an epoch, but the first run after that epoch has not seen what it wrote, and no run is
/// due.
pub fn missed(outcome: &FinalState) -> bool {
    let [told, epoch] = outcome.threads[CALLER][..] else { unreachable!("it returns two values") };
    let runs = outcome.threads[OWNER..].iter().flat_map(|reports| reports.chunks(2));
    let covering = runs.filter(|run| run[0] > epoch).min_by_key(|run| run[0]);
    let word = State::from_word(outcome.memory[0]);
    let is_due = word.epoch().as_u64() <= epoch && (word.is_pending() || word.is_owed());
    told == 1 && !covering.map_or(is_due, |run| run[1] == 1)
}

fn told(judgement: &Judgement, epoch: u64) -> usize {
    judgement.count(|o| o.threads[CALLER] == [1, epoch])
}

#[test]
fn the_first_run_of_a_later_epoch_covers() {
    for (what, make) in [
        ("one thread performs both runs", in_one_thread as fn(&[_]) -> _),
        ("two threads perform the two runs", in_two_threads),
    ] {
        let check =
            Check::of(&[G3], format!("RC11, the gate's source, two windows: {what}, none misses an update"));
        let judgement = make(&[]).judge();
        assert_eq!(judgement.count(missed), 0, "{what}");
        for epoch in [pending().epoch().as_u64(), DUE.as_nanos()] {
            assert!(told(&judgement, epoch) > 0, "{what}: a call is told epoch {epoch}");
        }
        check.passed(judgement.executions, "executions");
    }
}

#[test]
fn with_a_weaker_fence_a_run_misses_an_update() {
    for order in [Relaxed, AcqRel] {
        for (thread, at) in [(CALLER, DECISION), (OWNER, "START")] {
            let judgement = in_one_thread(&[(thread, Planted { at, order })]).judge();
            let (missed, of) = (judgement.count(missed), judgement.executions);
            assert!(missed > 0, "{at}, {order:?}");
            let fault = format!("two windows: {}", Planted { at, order });
            evidence::caught(&fault, &format!("RC11: an update is missed in {missed} of {of} executions"));
        }
    }
}
