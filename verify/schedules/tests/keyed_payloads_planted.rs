//! Negative controls: each planted fault is found by a property of `keyed_payloads` that holds without it.

#[path = "keyed_payloads/mod.rs"]
mod properties;

use atomic_throttle::hook::{self, Hook};
use properties::{tasks, values};
use schedules::{Model, find};
use std::rc::Rc;
use watchdog as _;

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    PutsLate,
    TakesEarly,
    SettlesLate,
    RequestsLate,
    DropsParked,
    LosesHome,
    ForgetsDeferrals,
}

impl Hook for Fault {
    fn puts_after_the_decision(&self) -> bool {
        *self == Self::PutsLate
    }

    fn takes_before_the_start(&self) -> bool {
        *self == Self::TakesEarly
    }

    fn settles_after_the_finish(&self) -> bool {
        *self == Self::SettlesLate
    }

    fn requests_after_the_lock(&self) -> bool {
        *self == Self::RequestsLate
    }

    fn hands_back(&self) -> bool {
        *self != Self::DropsParked
    }

    fn brings_home(&self) -> bool {
        *self != Self::LosesHome
    }

    fn judged(&self, word: u64) -> u64 {
        const DEFERRAL: u64 = 0b110;
        if *self == Self::ForgetsDeferrals { word & !DEFERRAL } else { word }
    }
}

fn found(fault: Fault, named: &str, model: Model, complaint: &str) {
    hook::plant(None);
    find(named, || hook::plant(Some(Rc::new(fault))), model, complaint);
    hook::plant(None);
}

#[test]
fn a_value_that_is_put_late() {
    let named = "a value of a key is put after the decision of its call";
    found(Fault::PutsLate, named, values::against_evictions, "G3: or G10: or deadlock");
    found(Fault::PutsLate, named, values::against_takes, "G3: or G10: or deadlock");
}

#[test]
fn what_is_taken_before_the_start() {
    let named = "what a run of a key is given is taken before its start";
    found(Fault::TakesEarly, named, values::against_evictions, "G3: or G10: or deadlock");
    found(Fault::TakesEarly, named, values::against_takes, "G3: or G10: or deadlock");
}

#[test]
fn a_run_that_is_settled_after_its_finish() {
    let named = "how a run of a key has ended is recorded after its finish";
    found(Fault::SettlesLate, named, values::failed_for_good, "G6: or deadlock");
}

#[test]
fn a_try_that_is_requested_after_the_finish() {
    let named = "a run of a key has failed, and its next run is requested after its finish";
    found(Fault::RequestsLate, named, values::tried_again, "G3: or G6: or G10:");
}

#[test]
fn a_parked_deferral_that_is_dropped() {
    let named = "a deferral of a key that waited for the end of a run is dropped";
    found(Fault::DropsParked, named, values::against_flushes_and_ends, "deadlock or G3:");
    found(Fault::DropsParked, named, tasks::dropped_at_any_await, "deadlock or G3:");
}

#[test]
fn a_value_that_does_not_come_home() {
    let named = "what a run of a key in a task was given does not come home when the function drops it";
    found(Fault::LosesHome, named, tasks::dropped_at_any_await, "G3: or G10: or the run failed");
}

#[test]
fn a_key_that_is_pending_is_evicted() {
    let named = "a key is evicted while a value waits for its run";
    found(Fault::ForgetsDeferrals, named, values::against_evictions, "G3: or G10: or deadlock or overflow");
}
