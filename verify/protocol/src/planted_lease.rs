//! Faults of what a lease does.

use crate::lease::{self, LeasePhase, World};
use crate::planted::{Fault, Rung, finish_of_any_epoch, shipped, start_keeps, with_last};
use crate::transitions::{Event, FLAGS, LAST_MAX, MAX, SHIPPED, Step, Told, Transitions, policy, word};
use atomic_throttle::lease::Policy;
use atomic_throttle::{State, Threshold};

/// Every fault.
pub(crate) fn faults() -> Vec<Fault> {
    let steps: [(&'static str, Step, Rung); 14] = [
        ("a late run finishes the one that superseded it", finish_of_any_epoch, Rung::Induction),
        ("a start that supersedes leaves `last` as it is", keeps_last, Rung::Induction),
        ("a start that supersedes leaves the deferral", start_keeps, Rung::Induction),
        (
            "a lease that ends after the last reading ends at it",
            saturates_at_the_last_reading,
            Rung::Induction,
        ),
        ("the end of a lease is cut to 61 bits", wraps, Rung::Induction),
        ("a lease is over a nanosecond early", over_early, Rung::Induction),
        ("a lease is over a nanosecond late", over_late, Rung::Link),
        ("a lease that is over opens the window, too", opens_the_window, Rung::Induction),
        ("a flush does not look at the lease", flush_supersedes, Rung::Induction),
        ("who sees that a lease is over ends the run", seen_is_finished, Rung::Induction),
        ("a lease is measured from the call, not from the start", measured_from_now, Rung::Liveness),
        ("a gate's transitions are used with a lease", as_a_gate, Rung::Liveness),
        ("an arrival does not look at the lease", arrival_as_a_gate, Rung::Liveness),
        (
            "a run that has finished keeps others out until its lease is over",
            outlives_the_run,
            Rung::Liveness,
        ),
    ];
    let fault = |name, transitions, found_by| Fault { name, transitions, world: World::WithLease, found_by };
    let mut faults: Vec<_> = steps
        .into_iter()
        .map(|(name, step, found_by)| fault(name, Transitions { step, ..SHIPPED }, found_by))
        .collect();
    faults.push(fault(
        "an owner that is held up by a run sleeps until it is woken",
        Transitions { looks_at_lease_end: false, ..SHIPPED },
        Rung::Liveness,
    ));
    faults
}

fn lease_of(policy: Policy) -> Option<u64> {
    policy.lease.map(atomic_throttle::lease::Lease::as_nanos)
}

/// `shipped` with a lease of so many nanoseconds more or less.
fn with_lease(policy_of: Policy, lease: Option<u64>) -> Policy {
    policy(policy_of.threshold.as_nanos(), lease)
}

fn is_over(state: State, policy: Policy, now: u64) -> bool {
    LeasePhase::of(state.epoch().as_u64(), lease_of(policy), now) == LeasePhase::Over
}

fn time_of(event: Event) -> Option<u64> {
    match event {
        Event::Arrive { now }
        | Event::ArriveBy { now, .. }
        | Event::TryStart { now }
        | Event::Fire { now, .. }
        | Event::Flush { now } => Some(now),
        _ => None,
    }
}

/// The transition as if no run were in progress.
fn nothing_runs(state: State, policy: Policy, event: Event) -> (State, Told) {
    shipped(word(state.epoch().as_u64(), state.to_word() & FLAGS & !1), policy, event)
}

/// Supersedes a run in progress from that time on.
fn superseded_from(end: u64, state: State, policy: Policy, event: Event) -> (State, Told) {
    match (shipped(state, policy, event), time_of(event)) {
        ((_, told), Some(now)) if told != Told::Run && state.is_running() && now >= end => {
            match nothing_runs(state, policy, event) {
                (after, Told::Run) => (after, Told::Run),
                _ => shipped(state, policy, event),
            }
        }
        (other, _) => other,
    }
}

fn keeps_last(state: State, policy: Policy, event: Event) -> (State, Told) {
    match shipped(state, policy, event) {
        (after, Told::Run) if state.is_running() => (with_last(after, state.epoch().as_u64()), Told::Run),
        other => other,
    }
}

fn saturates_at_the_last_reading(state: State, policy: Policy, event: Event) -> (State, Told) {
    let end = lease::end(state.epoch().as_u64(), lease_of(policy)).min(MAX);
    superseded_from(end, state, policy, event)
}

fn wraps(state: State, policy: Policy, event: Event) -> (State, Told) {
    let end = (state.epoch().as_u64() + lease_of(policy).unwrap_or(0)) & LAST_MAX;
    superseded_from(end, state, policy, event)
}

fn over_early(state: State, policy: Policy, event: Event) -> (State, Told) {
    let end = lease::end(state.epoch().as_u64(), lease_of(policy));
    superseded_from(end - 1, state, policy, event)
}

fn over_late(state: State, policy: Policy, event: Event) -> (State, Told) {
    let is_the_end = time_of(event) == Some(lease::end(state.epoch().as_u64(), lease_of(policy)));
    let lease = if is_the_end { None } else { lease_of(policy) };
    shipped(state, with_lease(policy, lease), event)
}

fn opens_the_window(state: State, policy: Policy, event: Event) -> (State, Told) {
    let over = state.is_running() && time_of(event).is_some_and(|now| is_over(state, policy, now));
    let threshold = if over { Threshold::ZERO } else { policy.threshold };
    match shipped(state, Policy { threshold, ..policy }, event) {
        (after, Told::Run) => (after, Told::Run),
        _ => shipped(state, policy, event),
    }
}

fn flush_supersedes(state: State, policy: Policy, event: Event) -> (State, Told) {
    match event {
        Event::Flush { .. } => superseded_from(0, state, policy, event),
        _ => shipped(state, policy, event),
    }
}

fn seen_is_finished(state: State, policy: Policy, event: Event) -> (State, Told) {
    let over = time_of(event).is_some_and(|now| is_over(state, policy, now));
    match shipped(state, policy, event) {
        (_, told) if over && told != Told::Run => nothing_runs(state, policy, event),
        other => other,
    }
}

fn measured_from_now(state: State, policy: Policy, event: Event) -> (State, Told) {
    let last = state.epoch().as_u64();
    // `now >= now + lease` is never so.
    let lease = time_of(event).map(|now| now.saturating_sub(last) + lease_of(policy).unwrap_or(0));
    shipped(state, with_lease(policy, lease.or(lease_of(policy))), event)
}

fn as_a_gate(state: State, policy: Policy, event: Event) -> (State, Told) {
    shipped(state, with_lease(policy, None), event)
}

fn arrival_as_a_gate(state: State, policy: Policy, event: Event) -> (State, Told) {
    match event {
        Event::Arrive { .. } => as_a_gate(state, policy, event),
        _ => shipped(state, policy, event),
    }
}

fn outlives_the_run(state: State, policy: Policy, event: Event) -> (State, Told) {
    let last = state.epoch().as_u64();
    let holds = time_of(event).is_some_and(|now| now < lease::end(last, lease_of(policy)));
    match shipped(state, policy, event) {
        (_, Told::Run) if holds => {
            let (after, told) = shipped(word(last, state.to_word() & FLAGS | 1), policy, event);
            (word(last, after.to_word() & FLAGS & !1), told)
        }
        other => other,
    }
}
