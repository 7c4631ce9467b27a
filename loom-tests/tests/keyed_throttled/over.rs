//! `over.rs` of the library, with a fault in what is forgotten. Loom and shuttle use it.

#[path = "../../../src/front/keyed/over.rs"]
mod shipped;

// The shipped file looks for the module here.
use super::shard;
use super::shard::At;
use crate::fault::{Fault, is_planted};
use crate::state::State;

pub(super) fn is_over(state: State, at: At) -> bool {
    const DEFERRAL: u64 = 0b110;
    let kept = if is_planted(Fault::ForgetsDeferrals) { !DEFERRAL } else { u64::MAX };
    shipped::is_over(State::from_word(state.to_word() & kept), at)
}

pub(super) fn later(one: State, other: State) -> State {
    shipped::later(one, other)
}
