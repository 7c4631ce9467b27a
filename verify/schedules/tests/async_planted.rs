//! Negative controls of the asynchronous front end: each planted fault is found by a property that holds
//! without it, as in `planted.rs`.

mod async_properties;

#[path = "planted/fault.rs"]
#[allow(dead_code)]
mod fault;
mod subject {
    pub use atomic_throttle::{AsyncThrottle, NotFlushed, Outcome, Ticket, WaitError};
}

use async_properties::{
    by_triggers, told_of_a_cancel, told_of_a_dropped_owner, with_dropped_callers, with_dropped_tasks,
    with_panics,
};
use fault::{Fault, plant};
use schedules::Model;
use watchdog as _;

const DEADLOCK: &str = "deadlock";

fn find(fault: Fault, named: &str, model: Model, complaint: &str) {
    plant(Fault::Nothing);
    schedules::find(named, || plant(fault), model, complaint);
    plant(Fault::Nothing);
}

#[test]
fn a_notification_that_wakes_nobody() {
    let named = "async: a notification wakes nobody";
    find(Fault::NotifyNobody, named, by_triggers, DEADLOCK);
    find(Fault::NotifyNobody, named, with_panics, DEADLOCK);
}

#[test]
fn a_finish_that_nobody_is_told_of() {
    find(Fault::UntoldFinish, "async: nobody is notified of the end of a run", by_triggers, DEADLOCK);
}

#[test]
fn a_cancel_that_nobody_is_told_of() {
    let named = "async: nobody is notified of a cancel";
    find(Fault::UntoldCancel, named, told_of_a_cancel, DEADLOCK);
}

#[test]
fn an_owner_that_leaves_without_a_word() {
    let named = "async: nobody is notified when the task of an owner is dropped";
    find(Fault::UntoldOwed, named, told_of_a_dropped_owner, DEADLOCK);
}

#[test]
fn an_owner_that_leaves_nothing_owed() {
    let named = "async: an owner whose task is dropped gives up the run";
    find(Fault::LeavesNothing, named, with_dropped_tasks, "was cancelled");
}

#[test]
fn a_waiter_that_looks_before_it_listens() {
    let named = "async: a future looks before it listens";
    find(Fault::LookBeforeListening, named, by_triggers, DEADLOCK);
    find(Fault::LookBeforeListening, named, with_dropped_callers, DEADLOCK);
}

#[test]
fn a_waiter_that_is_not_counted() {
    find(Fault::Uncounted, "async: a waiting future does not count itself", by_triggers, DEADLOCK);
}

#[test]
fn a_run_that_ends_before_its_function() {
    find(
        Fault::RunEndsFirst,
        "async: the running flag is cleared before the function",
        by_triggers,
        "the run will not come",
    );
}
