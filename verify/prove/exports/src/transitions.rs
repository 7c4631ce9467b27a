//! The transitions: from a word and the arguments to the next word, the outcome, and the times that it tells.

use crate::{
    BUSY, CANCELLED, CLOSED, COALESCED, DEFER, EARLY, FALSE, FINISHED, GONE, IGNORED, NOTHING, OWED,
    REQUESTED, RUN, RUNNING, TRUE, policy, threshold, time,
};
use atomic_throttle::lease;
use atomic_throttle::state::{Abandon, Arrive, Finish, Fire, Flush, Owe, Refused, Request, State, TryStart};

/// The next word, the outcome, and `due` or `retry_at` and `refused_at`, which are 0 where the outcome has none.
pub type Step = (u64, u64, u64, u64);

const fn step(next: State, (outcome, due, at): (u64, u64, u64)) -> Step {
    (next.to_word(), outcome, due, at)
}

const fn arrived(outcome: Arrive) -> (u64, u64, u64) {
    match outcome {
        Arrive::Run => (RUN, 0, 0),
        Arrive::Defer { due } => (DEFER, due.as_nanos(), 0),
        Arrive::Coalesced => (COALESCED, 0, 0),
    }
}

/// `u64::MAX`, which is no outcome, for a refusal that this crate does not know.
const fn refused(refused: Refused) -> (u64, u64, u64) {
    match refused {
        Refused::Closed { retry_at, refused_at } => (CLOSED, retry_at.as_nanos(), refused_at.as_nanos()),
        Refused::Running => (RUNNING, 0, 0),
        _ => (u64::MAX, 0, 0),
    }
}

const fn flushed(outcome: Flush) -> (u64, u64, u64) {
    match outcome {
        Flush::Run => (RUN, 0, 0),
        Flush::Busy => (BUSY, 0, 0),
        Flush::Nothing => (NOTHING, 0, 0),
    }
}

#[inline(never)]
pub fn arrive(word: u64, now: u64, threshold_: u64) -> Step {
    let (next, outcome) = State::from_word(word).arrive(time(now), threshold(threshold_));
    step(next, arrived(outcome))
}

#[inline(never)]
pub fn arrive_under(word: u64, now: u64, threshold: u64, has_lease: u64, lease: u64) -> Step {
    let policy = policy(threshold, has_lease, lease);
    let (next, outcome) = State::from_word(word).arrive_under(time(now), policy);
    step(next, arrived(outcome))
}

#[inline(never)]
pub fn arrive_by(word: u64, now: u64, latest: u64, threshold_: u64) -> Step {
    let (next, outcome) = State::from_word(word).arrive_by(time(now), time(latest), threshold(threshold_));
    match outcome {
        Ok(outcome) => step(next, arrived(outcome)),
        Err(why) => step(next, refused(why)),
    }
}

#[inline(never)]
pub fn request(word: u64) -> Step {
    let (next, outcome) = State::from_word(word).request();
    let outcome = match outcome {
        Request::Requested => REQUESTED,
        Request::Coalesced => COALESCED,
    };
    step(next, (outcome, 0, 0))
}

#[inline(never)]
pub fn owe(word: u64) -> Step {
    let (next, outcome) = State::from_word(word).owe();
    let outcome = match outcome {
        Owe::Owed => OWED,
        Owe::Coalesced => COALESCED,
    };
    step(next, (outcome, 0, 0))
}

#[inline(never)]
pub fn try_start(word: u64, now: u64, threshold_: u64) -> Step {
    let (next, outcome) = State::from_word(word).try_start(time(now), threshold(threshold_));
    match outcome {
        TryStart::Run => step(next, (RUN, 0, 0)),
        TryStart::Refused(why) => step(next, refused(why)),
    }
}

#[inline(never)]
pub fn fire(word: u64, epoch: u64, now: u64, threshold_: u64) -> Step {
    let (next, outcome) = State::from_word(word).fire(lease::epoch(epoch), time(now), threshold(threshold_));
    let outcome = match outcome {
        Fire::Run => (RUN, 0, 0),
        Fire::Gone => (GONE, 0, 0),
        Fire::Cancelled => (CANCELLED, 0, 0),
        Fire::Busy => (BUSY, 0, 0),
        Fire::Early { due } => (EARLY, due.as_nanos(), 0),
    };
    step(next, outcome)
}

#[inline(never)]
pub fn abandon(word: u64, epoch: u64) -> Step {
    let (next, outcome) = State::from_word(word).abandon(lease::epoch(epoch));
    let outcome = match outcome {
        Abandon::Owed => OWED,
        Abandon::Cancelled => CANCELLED,
        Abandon::Gone => GONE,
    };
    step(next, (outcome, 0, 0))
}

#[inline(never)]
pub fn cancel(word: u64) -> Step {
    let (next, cancelled) = State::from_word(word).cancel();
    step(next, (if cancelled { TRUE } else { FALSE }, 0, 0))
}

#[inline(never)]
pub fn flush(word: u64, now: u64) -> Step {
    let (next, outcome) = State::from_word(word).flush(time(now));
    step(next, flushed(outcome))
}

#[inline(never)]
pub fn flush_under(word: u64, now: u64, threshold: u64, has_lease: u64, lease: u64) -> Step {
    let policy = policy(threshold, has_lease, lease);
    let (next, outcome) = State::from_word(word).flush_under(time(now), policy);
    step(next, flushed(outcome))
}

#[inline(never)]
pub fn finish(word: u64, epoch: u64) -> Step {
    let (next, outcome) = State::from_word(word).finish(lease::epoch(epoch));
    let outcome = match outcome {
        Finish::Finished => FINISHED,
        Finish::Ignored => IGNORED,
    };
    step(next, (outcome, 0, 0))
}
