//! Negative controls: each planted fault is found by a property of `throttle_payloads` that holds without it.

#[path = "throttle_payloads/properties.rs"]
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
    let named = "Throttle: a value is put after the decision of its call";
    found(Fault::PutsLate, named, properties::collected);
    found(Fault::PutsLate, named, properties::merged);
}

#[test]
fn what_is_taken_before_the_start() {
    let named = "Throttle: what a run is given is taken before its start";
    found(Fault::TakesEarly, named, properties::collected);
    found(Fault::TakesEarly, named, properties::merged);
}

#[test]
fn a_count_that_is_taken_in_two_steps() {
    found(Fault::TellsInTwoSteps, "Throttle: a count is taken by a load and a store", properties::counted);
    found(Fault::CountsInTwoSteps, "Throttle: a call is counted by a load and a store", properties::counted);
}
