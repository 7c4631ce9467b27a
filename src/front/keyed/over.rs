//! When a key may be forgotten, and what is to be remembered of it.

use super::shard::At;
use crate::state::{DeferralStatus, State};
use crate::sync::{judged, remembered};

/// Whether nothing but its epoch is left of a state.
pub(super) fn is_over(state: State, at: At) -> bool {
    let state = State::from_word(judged(state.to_word()));
    !state.is_running() && state.deferral() == DeferralStatus::None && state.is_open(at.now, at.threshold)
}

/// What is remembered of two states that are over: the one whose window ends later, whatever the threshold.
pub(super) fn later(one: State, other: State) -> State {
    let later = if one.epoch() < other.epoch() { other } else { one };
    State::from_word(remembered(later.to_word()))
}
