//! G3: a call that coalesces is covered by a run that sees what the caller wrote. Each scenario is judged with
//! both fences, and with either one left out or weaker.

use crate::recorded::{DECISION, Planted};
use crate::scenario::{DUE, INSIDE, Scenario, pending};
use atomic_throttle::Timestamp;
use atomic_throttle::gate::{Arrival, Fired, Gate};
use atomic_throttle::state::{Owe, Request};
use axioms::FinalState;
use evidence::Check;
use evidence::Guarantee::G3;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

pub const CALLER: usize = 0;
pub const OWNER: usize = 1;

/// Whether the pending run covers the call.
pub type Call = fn(&Gate) -> bool;

pub const CALLS: [(&str, Call); 5] = [
    ("coalesce", |gate| gate.coalesce().is_some()),
    ("arrive", |gate| coalesced(gate.arrive(INSIDE))),
    ("arrive_by", |gate| gate.arrive_by(INSIDE, Timestamp::from_nanos(100)).is_ok_and(coalesced)),
    ("request", |gate| gate.request().0 == Request::Coalesced),
    ("owe", |gate| gate.owe().0 == Owe::Coalesced),
];

/// Any other guard is dropped.
fn coalesced(arrival: Arrival<'_>) -> bool {
    match arrival {
        Arrival::Coalesced(_) => true,
        Arrival::Run(run) => {
            run.finish();
            false
        }
        Arrival::Defer(deferral) => {
            let _ = deferral.abandon();
            false
        }
    }
}

/// The call comes while the owner of the pending run starts it.
pub fn call_against_fire(call: Call, planted: &[(usize, Planted)]) -> Scenario {
    let mut scenario = Scenario::new(pending(), planted);
    scenario.thread(move |shared| {
        shared.write();
        [call(shared.gate).into()]
    });
    scenario.thread(|shared| {
        let epoch = pending().epoch();
        let Fired::Run(run) = shared.gate.claim(epoch).fire(DUE) else { panic!("it is due") };
        let seen = shared.read();
        run.finish();
        [seen]
    });
    scenario
}

pub fn missed(outcome: &FinalState) -> bool {
    outcome.threads == [[1], [0]]
}

#[test]
fn whoever_is_told_coalesced_is_seen() {
    for (name, call) in CALLS {
        let check =
            Check::of(&[G3], format!("RC11, the gate's source: {name} against a start misses no update"));
        let judgement = call_against_fire(call, &[]).judge();
        assert_eq!(judgement.count(missed), 0, "{name}");
        for told in [0, 1] {
            let reached = judgement.count(|o| o.threads[CALLER] == [told]);
            assert!(reached > 0, "{name}: the call is told {told}");
        }
        check.passed(judgement.executions, "executions");
    }
}

#[test]
fn with_a_weaker_fence_an_update_is_missed() {
    for (thread, at) in [(CALLER, DECISION), (OWNER, "START")] {
        for order in [Relaxed, Acquire, Release, AcqRel] {
            let (mut found, mut of) = (0, 0);
            for (name, call) in CALLS {
                let judgement = call_against_fire(call, &[(thread, Planted { at, order })]).judge();
                assert!(judgement.count(missed) > 0, "{name}, {at} {order:?}");
                found += judgement.count(missed);
                of += judgement.executions;
            }
            let fault = format!("a call that coalesces: {}", Planted { at, order });
            evidence::caught(&fault, &format!("RC11: an update is missed in {found} of {of} executions"));
        }
    }
}
