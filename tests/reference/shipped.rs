//! The shipped transitions, in the words of the model.

use super::{Event, Model, Promise, Told};
use atomic_throttle::state::{
    Abandon, Arrive, DeferralStatus, Epoch, Finish, Fire, Flush, Owe, Refused, Request, State, TryStart,
};
use atomic_throttle::{Threshold, Timestamp};

const LAST_SHIFT: u32 = 3;

/// The state that encodes what the model says.
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
pub fn decode(state: State, threshold: Threshold) -> Model {
    Model {
        threshold: threshold.as_nanos(),
        latest_start: state.epoch().as_u64(),
        in_progress: state.is_running(),
        promise: match state.deferral() {
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

fn deadline(nanos: u64) -> Timestamp {
    if nanos == super::NEVER { Timestamp::NEVER } else { Timestamp::from_nanos(nanos) }
}

fn refused(refused: Refused) -> Told {
    match refused {
        Refused::Closed { retry_at } => Told::Closed(retry_at.as_nanos()),
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

/// One transition of the shipped code.
pub fn step(state: State, threshold: Threshold, event: Event) -> (State, Told) {
    let at = Timestamp::from_nanos;
    match event {
        Event::Arrive { now } => {
            let (next, outcome) = state.arrive(at(now), threshold);
            (next, arrived(outcome))
        }
        Event::ArriveBy { now, latest } => {
            let (next, outcome) = state.arrive_by(at(now), deadline(latest), threshold);
            (next, outcome.map_or_else(refused, arrived))
        }
        Event::Request => {
            let (next, outcome) = state.request();
            let told = match outcome {
                Request::Requested => Told::Requested,
                Request::Coalesced => Told::Coalesced,
            };
            (next, told)
        }
        Event::Owe => {
            let (next, outcome) = state.owe();
            let told = match outcome {
                Owe::Owed => Told::Owed,
                Owe::Coalesced => Told::Coalesced,
            };
            (next, told)
        }
        Event::TryStart { now } => {
            let (next, outcome) = state.try_start(at(now), threshold);
            let told = match outcome {
                TryStart::Run => Told::Run,
                TryStart::Refused(reason) => refused(reason),
            };
            (next, told)
        }
        Event::Fire { epoch: made_in, now } => {
            let (next, outcome) = state.fire(epoch(made_in), at(now), threshold);
            let told = match outcome {
                Fire::Run => Told::Run,
                Fire::Gone => Told::Gone,
                Fire::Cancelled => Told::Cancelled,
                Fire::Busy => Told::Busy,
                Fire::Early { due } => Told::Early(due.as_nanos()),
            };
            (next, told)
        }
        Event::Abandon { epoch: made_in } => {
            let (next, outcome) = state.abandon(epoch(made_in));
            let told = match outcome {
                Abandon::Owed => Told::Owed,
                Abandon::Cancelled => Told::Cancelled,
                Abandon::Gone => Told::Gone,
            };
            (next, told)
        }
        Event::Cancel => {
            let (next, cancelled) = state.cancel();
            (next, if cancelled { Told::Yes } else { Told::No })
        }
        Event::Flush { now } => {
            let (next, outcome) = state.flush(at(now));
            let told = match outcome {
                Flush::Run => Told::Run,
                Flush::Busy => Told::Busy,
                Flush::Nothing => Told::Nothing,
            };
            (next, told)
        }
        Event::Finish { epoch: run } => {
            let (next, outcome) = state.finish(epoch(run));
            let told = match outcome {
                Finish::Finished => Told::Finished,
                Finish::Ignored => Told::Ignored,
            };
            (next, told)
        }
    }
}
