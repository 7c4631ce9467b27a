//! `over.rs` of the library, with faults in what is forgotten.

#[path = "../../../src/keyed/over.rs"]
mod shipped;

// The shipped file looks for it here.
use super::shard;
use super::shard::At;
use crate::fault::{Fault, is_planted};
use crate::state::State;

pub(super) fn is_over(state: State, at: At) -> bool {
    const RUNNING: u64 = 0b001;
    const DEFERRAL: u64 = 0b110;
    let forgets = |bits: u64| shipped::is_over(State::from_word(state.to_word() & !bits), at);
    if is_planted(Fault::ForgetsDeferrals) {
        return forgets(DEFERRAL);
    }
    if is_planted(Fault::ForgetsRuns) {
        return forgets(RUNNING);
    }
    shipped::is_over(state, at)
}

pub(super) fn later(one: State, other: State) -> State {
    shipped::later(one, other)
}
