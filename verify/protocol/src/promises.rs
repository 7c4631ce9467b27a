//! What each single transition must keep, in any state: the part of the guarantees that needs no history.

use crate::lease::LeasePhase;
use crate::transitions::{Event, Told};
use crate::violation::Violation;
use crate::window::{self, Window};
use crate::word::Deferred;
use atomic_throttle::State;
use atomic_throttle::lease::Policy;

pub const EXCLUSION: &str =
    "G2: a run starts only while none is in progress whose lease, if there is one, holds";
pub const SPACING: &str = "G1: without a flush a run starts only when the window is over";
pub const GROWTH: &str = "`last` grows strictly at each start";
pub const STILL: &str = "`last` changes only at a start";
pub const COVERED: &str = "G3: a start leaves nothing due and nothing to acknowledge";
pub const OWN_FINISH: &str = "a run begins only by a start and ends only by its own finish";
pub const RECORDED: &str = "G3: whoever is told so has made a run due";
pub const OWNED: &str = "G4: a call coalesces only where there is an owner";
pub const LATE: &str = "the finish of another epoch changes nothing";
pub const KEPT: &str = "G3: what is due ends only by a run or an explicit cancel";
pub const TIME_TOLD: &str = "the time told is the end of the window";

/// One transition that was taken.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    pub before: State,
    pub policy: Policy,
    pub event: Event,
    pub told: Told,
    pub after: State,
}

/// # Errors
///
/// The first promise that it breaks.
pub fn check(taken: &Taken) -> Result<(), Violation> {
    match broken(taken) {
        Some(rule) => Err(Violation::of(rule, taken)),
        None => Ok(()),
    }
}

/// # Errors
///
/// If the fast path coalesces where no owner is.
pub fn check_coalesced(state: State) -> Result<(), Violation> {
    if state.is_pending() { Ok(()) } else { Err(Violation::of(OWNED, &state)) }
}

fn broken(taken: &Taken) -> Option<&'static str> {
    let (before, after) = (Deferred::of(taken.before), Deferred::of(taken.after));
    let last = taken.before.epoch().as_u64();
    let by_cancel = taken.event == Event::Cancel && taken.told == Told::Yes;
    match taken.told {
        Told::Run => broken_by_start(taken),
        _ if is_late(taken) && taken.after != taken.before => Some(LATE),
        _ if taken.after.epoch() != taken.before.epoch() => Some(STILL),
        _ if taken.after.is_running() != taken.before.is_running() && !is_own_finish(taken) => {
            Some(OWN_FINISH)
        }
        _ if before.is_due() && !after.is_due() && !by_cancel => Some(KEPT),
        Told::Coalesced if !before.has_owner() => Some(OWNED),
        Told::Coalesced | Told::Defer(_) | Told::Requested if after != Deferred::Pending => Some(RECORDED),
        Told::Owed if after != Deferred::Owed => Some(RECORDED),
        Told::Defer(due) | Told::Closed(due) | Told::Early(due)
            if due != window::end(last, taken.policy.threshold.as_nanos()) =>
        {
            Some(TIME_TOLD)
        }
        _ => None,
    }
}

fn broken_by_start(taken: &Taken) -> Option<&'static str> {
    let (last, next) = (taken.before.epoch().as_u64(), taken.after.epoch().as_u64());
    let threshold = taken.policy.threshold.as_nanos();
    if taken.before.is_running() && !is_lease_over(taken) {
        return Some(EXCLUSION);
    }
    if !taken.after.is_running() {
        return Some(OWN_FINISH);
    }
    if Deferred::of(taken.after) != Deferred::None {
        return Some(COVERED);
    }
    let by_flush = matches!(taken.event, Event::Flush { .. });
    // No event without a time may start anything.
    let is_closed = |now| Window::of(last, threshold, now) == Window::Closed;
    let too_early = !by_flush && time_of(taken.event).is_none_or(is_closed);
    let too_near = last != 0 && !by_flush && next.saturating_sub(last) < threshold;
    if too_early || too_near {
        return Some(SPACING);
    }
    (next <= last).then_some(GROWTH)
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

fn is_lease_over(taken: &Taken) -> bool {
    let lease = taken.policy.lease.map(atomic_throttle::lease::Lease::as_nanos);
    let last = taken.before.epoch().as_u64();
    time_of(taken.event).is_some_and(|now| LeasePhase::of(last, lease, now) == LeasePhase::Over)
}

fn is_late(taken: &Taken) -> bool {
    matches!(taken.event, Event::Finish { epoch } if epoch != taken.before.epoch().as_u64())
}

fn is_own_finish(taken: &Taken) -> bool {
    let finished = taken.told == Told::Finished && !taken.after.is_running();
    finished && taken.event == Event::Finish { epoch: taken.before.epoch().as_u64() }
}
