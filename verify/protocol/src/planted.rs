//! Faults, each of which some rung must find.

use crate::lease::World;
use crate::planted_lease;
use crate::transitions::{Cause, Event, FLAGS, MAX, SHIPPED, Step, Told, Transitions, word};
use crate::window;
use crate::word::Deferred;
use atomic_throttle::lease::Policy;
use atomic_throttle::{State, Threshold};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rung {
    Induction,
    Link,
    Exploration,
    Liveness,
}

/// The shipped transitions with one fault, and the rung that must find it.
pub struct Fault {
    pub name: &'static str,
    pub transitions: Transitions,
    pub world: World,
    pub found_by: Rung,
}

/// Every fault.
#[must_use]
pub fn faults() -> Vec<Fault> {
    let steps: [(&'static str, Step, Rung); 25] = [
        ("a window opens a nanosecond early", opens_early, Rung::Induction),
        ("a window opens a nanosecond late", opens_late, Rung::Link),
        ("a start while the clock stands still leaves `last` as it is", last_stands_still, Rung::Induction),
        ("a start whose clock went back sets `last` back", last_goes_back, Rung::Exploration),
        ("a start is stamped a nanosecond late", stamped_late, Rung::Exploration),
        ("a finish leaves the run in progress", finish_leaves, Rung::Induction),
        ("a finish clears the deferral", finish_clears, Rung::Induction),
        ("an arrival during a run is not recorded", arrival_forgotten, Rung::Induction),
        ("a start leaves the deferral", start_keeps, Rung::Induction),
        ("a cancel opens the window", cancel_opens, Rung::Induction),
        ("a cancel clears a pending deferral at once", cancel_clears, Rung::Induction),
        ("an owner that leaves forgets its run", abandon_forgets, Rung::Induction),
        ("a request takes a cancelled deferral from its owner", request_takes, Rung::Induction),
        ("a nested call is left owed beside a pending run", owe_overrides, Rung::Induction),
        ("a flush starts a second run", flush_overlaps, Rung::Induction),
        ("the owner of an older epoch may fire", fire_of_any_epoch, Rung::Induction),
        ("the owner of an older epoch may abandon", abandon_of_any_epoch, Rung::Induction),
        ("epochs are compared by their low 32 bits", epochs_cut, Rung::Link),
        ("a run of another epoch may finish this one", finish_of_any_epoch, Rung::Link),
        ("a threshold above 2^59 counts as none", long_threshold_lost, Rung::Link),
        ("the owner is told the start of the window, not its end", wrong_time, Rung::Link),
        ("a call does not adopt what is owed", owed_for_ever, Rung::Liveness),
        ("a cancel is never acknowledged", never_acknowledged, Rung::Liveness),
        ("the owner is told `Early` for ever", early_for_ever, Rung::Liveness),
        ("the owner is told `Busy` while nothing runs", busy_for_ever, Rung::Liveness),
    ];
    let mut faults: Vec<_> = steps
        .into_iter()
        .map(|(name, step, found_by)| {
            let transitions = Transitions { step, ..SHIPPED };
            Fault { name, transitions, world: World::WithoutLease, found_by }
        })
        .collect();
    faults.extend(around_the_word());
    faults.extend(planted_lease::faults());
    faults
}

/// Faults of the fast path and of the waiting layer.
fn around_the_word() -> Vec<Fault> {
    let coalesces = |name, coalesces| Fault {
        name,
        transitions: Transitions { coalesces, ..SHIPPED },
        world: World::WithoutLease,
        found_by: Rung::Induction,
    };
    let wakes = |name, wakes, found_by| Fault {
        name,
        transitions: Transitions { wakes, ..SHIPPED },
        world: World::WithoutLease,
        found_by,
    };
    vec![
        coalesces("the fast path coalesces into a cancelled run", State::has_owner),
        coalesces("the fast path coalesces into an owed run", |state| Deferred::of(state).is_due()),
        wakes("a finish wakes nobody", |cause| cause != Cause::RunFinished, Rung::Liveness),
        wakes("a cancel wakes nobody", |cause| cause != Cause::DeferralCancelled, Rung::Liveness),
        wakes("a new threshold wakes nobody", |cause| cause != Cause::ThresholdChanged, Rung::Liveness),
        wakes("a start wakes no owner", |cause| cause != Cause::OwnerReleased, Rung::Exploration),
    ]
}

pub(crate) fn with_last(state: State, last: u64) -> State {
    word(last, state.to_word() & FLAGS)
}

fn with_deferred(state: State, deferred: u64) -> State {
    word(state.epoch().as_u64(), deferred << 1 | u64::from(state.is_running()))
}

const NONE: u64 = 0b00;
const OWED: u64 = 0b11;

pub(crate) fn shipped(state: State, policy: Policy, event: Event) -> (State, Told) {
    (SHIPPED.step)(state, policy, event)
}

fn opens_early(state: State, policy: Policy, event: Event) -> (State, Told) {
    let threshold = Threshold::from_nanos(policy.threshold.as_nanos().saturating_sub(1));
    let shorter = Policy { threshold, ..policy };
    match shipped(state, shorter, event) {
        (after, Told::Run) => (after, Told::Run),
        _ => shipped(state, policy, event),
    }
}

fn opens_late(state: State, policy: Policy, event: Event) -> (State, Told) {
    let end = window::end(state.epoch().as_u64(), policy.threshold.as_nanos());
    match event {
        Event::Fire { now, .. } if now == end && end > 0 => match shipped(state, policy, event) {
            (_, Told::Run) => (state, Told::Early(end)),
            other => other,
        },
        _ => shipped(state, policy, event),
    }
}

fn last_stands_still(state: State, policy: Policy, event: Event) -> (State, Told) {
    let last = state.epoch().as_u64();
    match shipped(state, policy, event) {
        (after, Told::Run) if after.epoch().as_u64() == last + 1 => (with_last(after, last), Told::Run),
        other => other,
    }
}

fn last_goes_back(state: State, policy: Policy, event: Event) -> (State, Told) {
    match (shipped(state, policy, event), event) {
        ((after, Told::Run), Event::Flush { now }) => (with_last(after, now), Told::Run),
        (other, _) => other,
    }
}

fn stamped_late(state: State, policy: Policy, event: Event) -> (State, Told) {
    match shipped(state, policy, event) {
        (after, Told::Run) => (with_last(after, after.epoch().as_u64() + 1), Told::Run),
        other => other,
    }
}

fn finish_leaves(state: State, policy: Policy, event: Event) -> (State, Told) {
    match shipped(state, policy, event) {
        (_, Told::Finished) => (state, Told::Finished),
        other => other,
    }
}

fn finish_clears(state: State, policy: Policy, event: Event) -> (State, Told) {
    match shipped(state, policy, event) {
        (after, Told::Finished) => (with_deferred(after, NONE), Told::Finished),
        other => other,
    }
}

fn arrival_forgotten(state: State, policy: Policy, event: Event) -> (State, Told) {
    match shipped(state, policy, event) {
        (_, Told::Defer(due)) if state.is_running() => (state, Told::Defer(due)),
        other => other,
    }
}

pub(crate) fn start_keeps(state: State, policy: Policy, event: Event) -> (State, Told) {
    match shipped(state, policy, event) {
        (after, Told::Run) => (word(after.epoch().as_u64(), state.to_word() & FLAGS | 1), Told::Run),
        other => other,
    }
}

fn cancel_opens(state: State, policy: Policy, event: Event) -> (State, Told) {
    match shipped(state, policy, event) {
        (after, Told::Yes) => {
            (with_last(after, after.epoch().as_u64().saturating_sub(policy.threshold.as_nanos())), Told::Yes)
        }
        other => other,
    }
}

fn cancel_clears(state: State, policy: Policy, event: Event) -> (State, Told) {
    match shipped(state, policy, event) {
        (after, Told::Yes) => (with_deferred(after, NONE), Told::Yes),
        other => other,
    }
}

fn abandon_forgets(state: State, policy: Policy, event: Event) -> (State, Told) {
    match (shipped(state, policy, event), event) {
        ((after, Told::Owed), Event::Abandon { .. }) => (with_deferred(after, NONE), Told::Cancelled),
        (other, _) => other,
    }
}

fn request_takes(state: State, policy: Policy, event: Event) -> (State, Told) {
    match shipped(state, policy, event) {
        (after, Told::Coalesced) if event == Event::Request && Deferred::of(state) == Deferred::Cancelled => {
            (after, Told::Requested)
        }
        other => other,
    }
}

fn owe_overrides(state: State, policy: Policy, event: Event) -> (State, Told) {
    if event == Event::Owe { (with_deferred(state, OWED), Told::Owed) } else { shipped(state, policy, event) }
}

fn flush_overlaps(state: State, policy: Policy, event: Event) -> (State, Told) {
    match event {
        Event::Flush { .. } if Deferred::of(state).is_due() => {
            shipped(word(state.epoch().as_u64(), state.to_word() & FLAGS & !1), policy, event)
        }
        _ => shipped(state, policy, event),
    }
}

fn fire_of_any_epoch(state: State, policy: Policy, event: Event) -> (State, Told) {
    let event = match event {
        Event::Fire { now, .. } => Event::Fire { epoch: state.epoch().as_u64(), now },
        other => other,
    };
    shipped(state, policy, event)
}

fn abandon_of_any_epoch(state: State, policy: Policy, event: Event) -> (State, Told) {
    let event = match event {
        Event::Abandon { .. } => Event::Abandon { epoch: state.epoch().as_u64() },
        other => other,
    };
    shipped(state, policy, event)
}

pub(crate) fn finish_of_any_epoch(state: State, policy: Policy, event: Event) -> (State, Told) {
    let event = match event {
        Event::Finish { .. } => Event::Finish { epoch: state.epoch().as_u64() },
        other => other,
    };
    shipped(state, policy, event)
}

fn epochs_cut(state: State, policy: Policy, event: Event) -> (State, Told) {
    let last = state.epoch().as_u64();
    let event = match event {
        Event::Fire { epoch, now } if (epoch ^ last) << 32 == 0 => Event::Fire { epoch: last, now },
        other => other,
    };
    shipped(state, policy, event)
}

fn long_threshold_lost(state: State, policy: Policy, event: Event) -> (State, Told) {
    let is_long = policy.threshold.as_nanos() > 1 << 59 && policy.threshold.as_nanos() < MAX / 2;
    let threshold = if is_long { Threshold::ZERO } else { policy.threshold };
    shipped(state, Policy { threshold, ..policy }, event)
}

fn wrong_time(state: State, policy: Policy, event: Event) -> (State, Told) {
    match shipped(state, policy, event) {
        (after, Told::Early(_)) => (after, Told::Early(state.epoch().as_u64())),
        other => other,
    }
}

fn owed_for_ever(state: State, policy: Policy, event: Event) -> (State, Told) {
    match event {
        Event::Arrive { .. } if Deferred::of(state) == Deferred::Owed => {
            (state, Told::Closed(window::end(state.epoch().as_u64(), policy.threshold.as_nanos())))
        }
        _ => shipped(state, policy, event),
    }
}

fn never_acknowledged(state: State, policy: Policy, event: Event) -> (State, Told) {
    match (shipped(state, policy, event), event) {
        ((_, Told::Cancelled), Event::Fire { .. }) => (state, Told::Busy),
        (other, _) => other,
    }
}

fn early_for_ever(state: State, policy: Policy, event: Event) -> (State, Told) {
    match (shipped(state, policy, event), event) {
        ((_, Told::Run), Event::Fire { .. }) => {
            (state, Told::Early(window::end(state.epoch().as_u64(), policy.threshold.as_nanos())))
        }
        (other, _) => other,
    }
}

fn busy_for_ever(state: State, policy: Policy, event: Event) -> (State, Told) {
    match (shipped(state, policy, event), event) {
        ((_, Told::Run), Event::Fire { .. }) => (state, Told::Busy),
        (other, _) => other,
    }
}
