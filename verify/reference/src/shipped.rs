//! The shipped transitions, in the words of the model.

use super::{Event, Model, Promise, Told};
use atomic_throttle::lease::{Lease, Policy};
use atomic_throttle::state::{
    Abandon, Arrive, DeferralStatus, Epoch, Finish, Fire, Flush, Owe, Refused, Request, State, TryStart,
};
use atomic_throttle::{Threshold, Timestamp};

const LAST_SHIFT: u32 = 3;

/// The state that encodes what the model says.
#[must_use]
pub fn encode(model: &Model) -> State {
    let promise = match model.promise {
        Promise::Nothing => 0b00,
        Promise::Owned => 0b01,
        Promise::TakenBack => 0b10,
        Promise::Orphaned => 0b11,
    };
    State::from_word(model.latest_start << LAST_SHIFT | promise << 1 | u64::from(model.in_progress))
}

/// What the state says.
#[must_use]
pub fn decode(state: State, threshold: Threshold) -> Model {
    shown(threshold, state.epoch(), state.is_running(), state.deferral())
}

/// What a front end shows of its state.
#[must_use]
pub fn shown(threshold: Threshold, latest: Epoch, running: bool, deferral: DeferralStatus) -> Model {
    Model {
        threshold: threshold.as_nanos(),
        latest_start: latest.as_u64(),
        in_progress: running,
        promise: match deferral {
            DeferralStatus::None => Promise::Nothing,
            DeferralStatus::Pending => Promise::Owned,
            DeferralStatus::Cancelled => Promise::TakenBack,
            DeferralStatus::Owed => Promise::Orphaned,
        },
    }
}

fn epoch(start: u64) -> Epoch {
    State::from_word(start << LAST_SHIFT).epoch()
}

/// The policy of these nanoseconds.
#[must_use]
pub fn policy(threshold: u64, lease: Option<u64>) -> Policy {
    let policy = Policy::new(Threshold::from_nanos(threshold));
    lease.map_or(policy, |lease| policy.with_lease(Lease::from_nanos(lease)))
}

fn deadline(nanos: u64) -> Timestamp {
    if nanos == super::NEVER { Timestamp::NEVER } else { Timestamp::from_nanos(nanos) }
}

fn refused(refused: Refused) -> Told {
    match refused {
        Refused::Closed { retry_at, .. } => Told::Closed(retry_at.as_nanos()),
        Refused::Running => Told::Running,
        other => panic!("a refusal that the table does not know: {other:?}"),
    }
}

fn arrived(arrive: Arrive) -> Told {
    match arrive {
        Arrive::Run => Told::Run,
        Arrive::Defer { due } => Told::Defer(due.as_nanos()),
        Arrive::Coalesced => Told::Coalesced,
    }
}

fn requested(request: Request) -> Told {
    match request {
        Request::Requested => Told::Requested,
        Request::Coalesced => Told::Coalesced,
    }
}

fn owed(owe: Owe) -> Told {
    match owe {
        Owe::Owed => Told::Owed,
        Owe::Coalesced => Told::Coalesced,
    }
}

fn tried(outcome: TryStart) -> Told {
    match outcome {
        TryStart::Run => Told::Run,
        TryStart::Refused(reason) => refused(reason),
    }
}

fn fired(fire: Fire) -> Told {
    match fire {
        Fire::Run => Told::Run,
        Fire::Gone => Told::Gone,
        Fire::Cancelled => Told::Cancelled,
        Fire::Busy => Told::Busy,
        Fire::Early { due } => Told::Early(due.as_nanos()),
    }
}

fn abandoned(abandon: Abandon) -> Told {
    match abandon {
        Abandon::Owed => Told::Owed,
        Abandon::Cancelled => Told::Cancelled,
        Abandon::Gone => Told::Gone,
    }
}

fn flushed(flush: Flush) -> Told {
    match flush {
        Flush::Run => Told::Run,
        Flush::Busy => Told::Busy,
        Flush::Nothing => Told::Nothing,
    }
}

fn finished(finish: Finish) -> Told {
    match finish {
        Finish::Finished => Told::Finished,
        Finish::Ignored => Told::Ignored,
    }
}

fn told<O>((next, outcome): (State, O), name: impl Fn(O) -> Told) -> (State, Told) {
    (next, name(outcome))
}

/// One transition of the shipped code.
pub fn step(state: State, threshold: Threshold, event: Event) -> (State, Told) {
    let at = Timestamp::from_nanos;
    match event {
        Event::Arrive { now } => told(state.arrive(at(now), threshold), arrived),
        Event::ArriveBy { now, latest } => {
            let outcome = state.arrive_by(at(now), deadline(latest), threshold);
            told(outcome, |outcome| outcome.map_or_else(refused, arrived))
        }
        Event::Request => told(state.request(), requested),
        Event::Owe => told(state.owe(), owed),
        Event::TryStart { now } => told(state.try_start(at(now), threshold), tried),
        Event::Fire { epoch: made_in, now } => told(state.fire(epoch(made_in), at(now), threshold), fired),
        Event::Abandon { epoch: made_in } => told(state.abandon(epoch(made_in)), abandoned),
        Event::Cancel => told(state.cancel(), |cancelled| if cancelled { Told::Yes } else { Told::No }),
        Event::Flush { now } => told(state.flush(at(now)), flushed),
        Event::Finish { epoch: run } => told(state.finish(epoch(run)), finished),
    }
}

/// The form under a policy; the one form of those that start no run.
///
/// # Panics
///
/// If the event is one of a gate: it has no such form.
pub fn step_under(state: State, policy: Policy, event: Event) -> (State, Told) {
    let at = Timestamp::from_nanos;
    match event {
        Event::Arrive { now } => told(state.arrive_under(at(now), policy), arrived),
        Event::Flush { now } => told(state.flush_under(at(now), policy), flushed),
        Event::Request | Event::Owe | Event::Abandon { .. } | Event::Cancel | Event::Finish { .. } => {
            step(state, policy.threshold, event)
        }
        Event::ArriveBy { .. } | Event::TryStart { .. } | Event::Fire { .. } => {
            panic!("{event:?} has no form under a policy")
        }
    }
}
