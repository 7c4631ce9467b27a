//! `over.rs` of the library, with faults in what is forgotten and in what is remembered. Loom and shuttle use
//! it.

#[path = "../../../src/front/keyed/over.rs"]
mod shipped;

// The shipped file looks for the module here.
use super::shard;
use super::shard::At;
use crate::fault::{Fault, is_planted};
use crate::state::State;

pub(super) fn is_over(state: State, at: At) -> bool {
    if is_planted(Fault::ForgetsRuns) {
        return shipped::is_over(idle(state), at);
    }
    shipped::is_over(state, at) || is_planted(Fault::ForgetsWindows) && !state.is_running()
}

pub(super) fn later(one: State, other: State) -> State {
    if is_planted(Fault::RemembersNothing) { State::NEW } else { shipped::later(one, idle(other)) }
}

fn idle(state: State) -> State {
    const RUNNING: u64 = 1;
    State::from_word(state.to_word() & !RUNNING)
}
