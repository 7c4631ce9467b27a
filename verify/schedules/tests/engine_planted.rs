//! Negative controls: each planted fault is found by a property of `engine` that holds without it.

#[path = "engine/mod.rs"]
mod properties;

use atomic_throttle::State;
use atomic_throttle::hook::{self, Hook, Number};
use properties::{paced, retried, tasks};
use schedules::{Model, find};
use std::cell::Cell;
use std::rc::Rc;
use watchdog as _;

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    SettlesLate,
    RequestsLate,
    CancelsEarly,
    LosesHome,
    UntoldEnough,
}

shuttle::thread_local! {
    /// Whether this thread has looked at the word since it last moved it.
    static LOOKED: Cell<bool> = Cell::new(false);
    /// Whether this thread has moved a run.
    static IS_OWNER: Cell<bool> = Cell::new(false);
}

impl Hook for Fault {
    fn settles_after_the_finish(&self) -> bool {
        *self == Self::SettlesLate
    }

    fn requests_after_the_lock(&self) -> bool {
        *self == Self::RequestsLate
    }

    fn cancels_before_the_lock(&self) -> bool {
        *self == Self::CancelsEarly
    }

    fn brings_home(&self) -> bool {
        *self != Self::LosesHome
    }

    fn load(&self, number: Number<'_>) -> u64 {
        if *self == Self::UntoldEnough && number.is_word() {
            LOOKED.with(|looked| looked.set(true));
        }
        number.load()
    }

    fn swap(&self, number: Number<'_>, current: u64, new: u64) -> Result<u64, u64> {
        if *self == Self::UntoldEnough && number.is_word() {
            LOOKED.with(|looked| looked.set(false));
            if State::from_word(current).is_running() != State::from_word(new).is_running() {
                IS_OWNER.with(|is_owner| is_owner.set(true));
            }
        }
        number.swap(current, new)
    }

    /// A call that is coalesced looks at the word, moves nothing, and notifies only if it is the one that makes it enough.
    fn notify(&self, listeners: usize) -> Option<usize> {
        let is_told = *self != Self::UntoldEnough || IS_OWNER.with(Cell::get) || !LOOKED.with(Cell::get);
        is_told.then_some(listeners)
    }
}

fn found(fault: Fault, named: &str, model: Model, complaint: &str) {
    hook::plant(None);
    find(named, || hook::plant(Some(Rc::new(fault))), model, complaint);
    hook::plant(None);
}

#[test]
fn a_run_that_is_settled_after_its_finish() {
    let named = "how a run has ended is recorded after its finish";
    found(Fault::SettlesLate, named, retried::given_once_and_told, "cancelled by nobody or deadlock");
}

#[test]
fn a_try_that_is_requested_after_the_lock() {
    let named = "what failed is put back, and its next run requested later";
    found(Fault::RequestsLate, named, retried::put_back_against_a_take, "given nothing or G6");
    found(Fault::RequestsLate, named, retried::given_once_and_told, "given nothing or G6");
    found(Fault::RequestsLate, named, retried::newest_put_back_against_a_take, "given nothing");
    found(Fault::RequestsLate, named, retried::batch_put_back_against_a_take, "given nothing");
}

#[test]
fn a_cancel_before_its_lock() {
    let named = "a cancel is decided before the lock under which it clears the delay";
    found(Fault::CancelsEarly, named, paced::delayed_with_cancels, "too soon");
}

#[test]
fn a_value_that_does_not_come_home() {
    let named = "what a run in a task was given does not come home when the function drops it";
    found(Fault::LosesHome, named, tasks::dropped_at_any_await, "G10 or the run failed");
}

#[test]
fn a_call_that_makes_it_enough_and_wakes_nobody() {
    let named = "the call that makes it enough wakes nobody";
    found(Fault::UntoldEnough, named, paced::enough_calls, "deadlock");
    found(Fault::UntoldEnough, named, paced::enough_values, "deadlock");
}
