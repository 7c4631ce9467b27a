//! G3: if a call leaves a run pending or owed, a run that takes it over in another thread sees the call.

use crate::recorded::{DECISION, Planted};
use crate::scenario::{DUE, INSIDE, Scenario, led};
use atomic_throttle::State;
use atomic_throttle::Timestamp;
use atomic_throttle::gate::{Arrival, Gate};
use axioms::FinalState;
use evidence::Check;
use evidence::Guarantee::G3;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

pub const CALLER: usize = 0;
pub const STARTER: usize = 1;

pub type Call = fn(&Gate);

pub const CALLS: [(&str, Call); 4] = [
    ("arrive", |gate| keep(gate.arrive(INSIDE))),
    ("arrive_by", |gate| keep(gate.arrive_by(INSIDE, Timestamp::from_nanos(100)).expect("due before"))),
    ("request", |gate| std::mem::forget(gate.claim(gate.request().1))),
    ("owe", |gate| _ = gate.owe()),
];

/// The owner stalls and keeps its guard.
fn keep(arrival: Arrival<'_>) {
    let Arrival::Defer(deferral) = arrival else { panic!("the window is closed, and nothing is pending") };
    std::mem::forget(deferral);
}

pub fn call_against_start(call: Call, planted: &[(usize, Planted)]) -> Scenario {
    let mut scenario = Scenario::new(led(), planted);
    scenario.thread(move |shared| {
        shared.write();
        call(shared.gate);
        []
    });
    scenario.thread(|shared| {
        let run = shared.gate.try_start(DUE).expect("the window is over");
        let seen = shared.read();
        run.finish();
        [seen]
    });
    scenario
}

fn still_due(outcome: &FinalState) -> bool {
    let word = State::from_word(outcome.memory[0]);
    word.is_pending() || word.is_owed()
}

pub fn missed(outcome: &FinalState) -> bool {
    !still_due(outcome) && outcome.threads[STARTER] == [0]
}

#[test]
fn whoever_takes_over_sees_what_the_caller_wrote() {
    for (name, call) in CALLS {
        let what = format!("RC11, the gate's source: what {name} left is seen by whoever takes it over");
        let check = Check::of(&[G3], what);
        let judgement = call_against_start(call, &[]).judge();
        assert_eq!(judgement.count(missed), 0, "{name}");
        assert!(judgement.count(still_due) > 0, "{name}: the call comes after the start");
        assert!(judgement.count(|o| !still_due(o)) > 0, "{name}: the call comes before the start");
        check.passed(judgement.executions, "executions");
    }
}

#[test]
fn with_a_weaker_fence_it_is_missed() {
    let (call_fence, start_fence) = ((CALLER, DECISION), (STARTER, "START"));
    let weaker =
        [(call_fence, Relaxed), (call_fence, Acquire), (start_fence, Relaxed), (start_fence, Release)];
    for ((thread, at), order) in weaker {
        let (mut found, mut of) = (0, 0);
        for (name, call) in CALLS {
            let judgement = call_against_start(call, &[(thread, Planted { at, order })]).judge();
            assert!(judgement.count(missed) > 0, "{name}, {at} {order:?}");
            found += judgement.count(missed);
            of += judgement.executions;
        }
        let fault = format!("a run that takes over: {}", Planted { at, order });
        evidence::caught(&fault, &format!("RC11: an update is missed in {found} of {of} executions"));
    }
}

/// A takeover needs a release and an acquire. Both fences are SC because of the calls that coalesce.
#[test]
fn to_take_over_needs_no_sc() {
    let planted = [
        (CALLER, Planted { at: DECISION, order: Release }),
        (STARTER, Planted { at: "START", order: Acquire }),
    ];
    for (name, call) in CALLS {
        assert_eq!(call_against_start(call, &planted).judge().count(missed), 0, "{name}");
        let both = planted.map(|(thread, planted)| (thread, Planted { order: AcqRel, ..planted }));
        assert_eq!(call_against_start(call, &both).judge().count(missed), 0, "{name}");
    }
}
