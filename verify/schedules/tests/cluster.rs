//! What holds of a `ClusterThrottled`: its thread, the threads that call, wait and end it, and others of its
//! kind at the same register.
//!
//! The cluster's own `tests/protocol` explores what processes do to each other, and their deaths; these tests
//! are about the threads of each process.

#[path = "cluster/properties.rs"]
mod properties;
#[path = "cluster/scene.rs"]
mod scene;

mod subject {
    pub use atomic_throttle_cluster::cell::Cell;
    pub use atomic_throttle_cluster::register::{
        Mark, Memory, Reading, Register, RegisterError, RegisterErrorKind, Swap,
    };
    pub use atomic_throttle_cluster::{ClusterThrottled, ClusterThrottledBuilder, Run, WaitError};
}

use evidence::Guarantee::{C1, C2, C3, C5, C6, C8};
use schedules::hold;
use watchdog as _;

#[test]
fn calls_are_covered_in_two_processes() {
    let claim = "2 processes, 6 threads: calls are covered, runs exclude each other and keep their distance";
    hold(&[C1, C2, C3, C5], claim, properties::calls_are_covered);
}

#[test]
fn an_end_leaves_nothing() {
    let claim = "4 threads: whatever was taken while another one ends it is covered";
    hold(&[C3, C5], claim, properties::an_end_leaves_nothing);
}

#[test]
fn nobody_waits_for_one_that_ends_at_its_limit() {
    let claim = "4 threads: an end within a limit, and within no time, leaves nobody waiting";
    hold(&[C3, C5], claim, properties::an_end_at_its_limit_leaves_nobody_waiting);
}

#[test]
fn nobody_waits_for_one_whose_register_panics() {
    let claim = "4 threads: a register that panics ends the throttle, and leaves nobody waiting";
    hold(&[C8], claim, properties::a_register_that_panics_leaves_nobody_waiting);
}

#[test]
fn an_idle_process_runs_for_the_dead() {
    let claim = "2 threads: a process that nobody calls runs once for a pending run whose process has died";
    hold(&[C3, C6], claim, properties::an_idle_process_runs_for_the_dead);
}

#[test]
fn a_register_that_fails_loses_no_call() {
    let claim = "2 processes, 6 threads: a register that fails before and after each step loses no call";
    hold(&[C3, C5, C8], claim, properties::a_register_that_fails_loses_no_call);
}

#[test]
fn a_run_that_outlasts_its_lease_loses_no_call() {
    let claim = "2 processes, 4 threads: runs longer than the lease, which others supersede, lose no call";
    hold(&[C3, C5], claim, properties::a_run_that_outlasts_its_lease_loses_no_call);
}

#[test]
fn a_run_may_do_everything() {
    let claim = "3 threads: runs that panic, call, wait, and ask for another";
    hold(&[C3, C5], claim, properties::a_run_may_do_everything);
}

#[test]
fn the_last_drop_leaves_nothing() {
    let claim = "4 threads: the drop of the last handle waits until all calls are covered";
    hold(&[C3, C5], claim, properties::a_drop_leaves_nothing);
}
