//! Negative controls: each planted fault is found by a property of `cluster.rs` that holds without it.
//!
//! The hook of the front end plants them, or a register has them.

#[path = "cluster/planted/fault.rs"]
mod fault;
#[path = "cluster/planted/memory.rs"]
mod memory;
#[path = "cluster/properties.rs"]
#[allow(dead_code, reason = "the planted faults need some of them")]
mod properties;
#[path = "cluster/scene.rs"]
mod scene;
mod subject {
    pub use crate::memory::Faulty as Memory;
    pub use atomic_throttle_cluster::cell::Cell;
    pub use atomic_throttle_cluster::register::{
        Mark, Reading, Register, RegisterError, RegisterErrorKind, Swap,
    };
    pub use atomic_throttle_cluster::{ClusterThrottled, ClusterThrottledBuilder, Run, WaitError};
}

use fault::{Fault, plant};
use schedules::Model;
use watchdog as _;

const DEADLOCK: &str = "deadlock";
/// The second run comes at once, or too close. Or a finish is overwritten: then the others wait until the lease is over,
/// which is very long.
const TWO_RUNS: &str = "two runs or exceeded max_steps";

fn find(fault: Fault, named: &str, model: Model, complaint: &str) {
    plant(Fault::Nothing);
    schedules::find(named, || plant(fault), model, complaint);
    plant(Fault::Nothing);
}

#[test]
fn a_change_that_nobody_is_told_of() {
    let named = "nobody among processes is told of a change";
    find(Fault::TellsNobody, named, properties::calls_are_covered, DEADLOCK);
    find(Fault::TellsNobody, named, properties::an_end_leaves_nothing, DEADLOCK);
}

#[test]
fn a_change_that_one_is_told_of() {
    let named = "one of those who wait among processes is told of a change";
    find(Fault::TellsOne, named, properties::calls_are_covered, DEADLOCK);
}

#[test]
fn a_wake_up_before_the_thread_parks() {
    let named = "the thread of a process loses a wake-up that comes before it parks";
    find(Fault::WokenTooSoon, named, properties::an_end_leaves_nothing, DEADLOCK);
    find(Fault::WokenTooSoon, named, properties::a_run_may_do_everything, DEADLOCK);
}

#[test]
fn a_register_that_swaps_blindly() {
    let named = "a register swaps whatever stands there";
    find(Fault::SwapsBlindly, named, properties::calls_are_covered, TWO_RUNS);
}

#[test]
fn a_register_that_says_done() {
    let named = "a register says of a swap that it was done, and does not do it";
    find(Fault::SaysDone, named, properties::calls_are_covered, TWO_RUNS);
}
