//! Negative controls: each planted fault is found by a property of `async_payloads` that holds without it.

#[path = "async_payloads/properties.rs"]
#[allow(dead_code, reason = "the planted faults need some of them")]
mod properties;

use atomic_throttle::hook::{self, Hook, Number};
use schedules::{Model, find};
use std::rc::Rc;
use watchdog as _;

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    PutsLate,
    TakesEarly,
    StaysAway,
    OwesLate,
    TellsInTwoSteps,
    CountsInTwoSteps,
}

impl Hook for Fault {
    fn puts_after_the_decision(&self) -> bool {
        *self == Self::PutsLate
    }

    fn takes_before_the_start(&self) -> bool {
        *self == Self::TakesEarly
    }

    fn brings_home(&self) -> bool {
        *self != Self::StaysAway
    }

    fn requests_after_the_lock(&self) -> bool {
        *self == Self::OwesLate
    }

    fn exchange(&self, number: Number<'_>, value: u64) -> u64 {
        if *self != Self::TellsInTwoSteps {
            return number.exchange(value);
        }
        let before = number.load();
        number.store(value);
        before
    }

    fn fetch_add(&self, number: Number<'_>, value: u64) -> u64 {
        if *self != Self::CountsInTwoSteps || number.kind() != hook::Kind::U64 {
            return number.fetch_add(value);
        }
        let before = number.load();
        number.store(before.wrapping_add(value));
        before
    }
}

fn found(fault: Fault, named: &str, model: Model) {
    hook::plant(None);
    find(named, || hook::plant(Some(Rc::new(fault))), model, "G10");
    hook::plant(None);
}

#[test]
fn a_value_that_is_put_late() {
    let named = "AsyncThrottle: a value is put after the decision of its call";
    found(Fault::PutsLate, named, properties::collected);
    found(Fault::PutsLate, named, properties::merged);
}

#[test]
fn what_is_taken_before_the_start() {
    let named = "AsyncThrottle: what a run is given is taken before its start";
    found(Fault::TakesEarly, named, properties::collected);
    found(Fault::TakesEarly, named, properties::merged);
}

#[test]
fn what_a_stopped_run_was_given_and_does_not_come_back() {
    let named = "AsyncThrottle: what a run was given that is dropped in the middle does not come back";
    found(Fault::StaysAway, named, properties::collected);
    found(Fault::StaysAway, named, properties::merged);
}

#[test]
fn a_stopped_run_that_is_owed_after_its_values_are_there() {
    let named =
        "AsyncThrottle: what a stopped run was given is back before the run is owed, and not in one step";
    found(Fault::OwesLate, named, properties::stopped_collecting);
}

#[test]
fn a_count_that_is_taken_in_two_steps() {
    let named = "AsyncThrottle: a count is taken by a load and a store";
    found(Fault::TellsInTwoSteps, named, properties::counted);
    let named = "AsyncThrottle: a call is counted by a load and a store";
    found(Fault::CountsInTwoSteps, named, properties::counted);
}
