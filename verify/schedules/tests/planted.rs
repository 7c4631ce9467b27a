//! Negative controls: each planted fault is found by a property that holds without it.
//!
//! The hook of the library plants them.

mod properties;

#[path = "planted/fault.rs"]
mod fault;
mod subject {
    pub use atomic_throttle::gate::{Arrival, Deferral, Fired, Gate};
    pub use atomic_throttle::{
        Clock, Coalesced, Ended, Epoch, Manual, Moved, NotFlushed, Outcome, Pending, Refused, Shutdown,
        Threshold, Throttle, Throttled, ThrottledBuilder, Timestamp, WaitError, WeakThrottled,
    };
}

use fault::{Fault, plant};
use properties::{
    background_calls, background_ends, background_mixture, calls_are_covered, every_call_returns,
    limits_are_kept, nested_calls_return, one_owner, panics_lose_nothing, random_mixture, runs_exclude,
    runs_keep_their_distance,
};
use schedules::{Model, Scheduler, Tally, first_failure, replay};
use shuttle::FailurePersistence;
use std::fs;
use watchdog as _;

const DEADLOCK: &str = "deadlock";
/// If another thread moves the clock until all have returned, it does so for ever.
const NO_END: &str = "exceeded max_steps";

fn find(fault: Fault, named: &str, model: Model, complaint: &str) {
    plant(Fault::Nothing);
    schedules::find(named, || plant(fault), model, complaint);
    plant(Fault::Nothing);
}

#[test]
fn a_notification_that_wakes_nobody() {
    let named = "a notification wakes nobody";
    find(Fault::NotifyNobody, named, every_call_returns::by_the_clock, DEADLOCK);
    find(Fault::NotifyNobody, named, every_call_returns::by_a_shorter_threshold, DEADLOCK);
    find(Fault::NotifyNobody, named, limits_are_kept::while_the_clock_is_moved, NO_END);
    find(Fault::NotifyNobody, named, random_mixture::of_all_operations, DEADLOCK);
}

#[test]
fn a_finish_that_nobody_is_told_of() {
    let named = "nobody is notified of the end of a run";
    find(Fault::UntoldFinish, named, every_call_returns::by_a_finish, DEADLOCK);
}

#[test]
fn a_cancel_that_nobody_is_told_of() {
    let named = "nobody is notified of a cancel";
    find(Fault::UntoldCancel, named, every_call_returns::by_a_cancel, DEADLOCK);
}

#[test]
fn an_owner_that_leaves_without_a_word() {
    let named = "nobody is notified when an owner leaves";
    find(Fault::UntoldOwed, named, every_call_returns::by_an_owner_that_leaves, DEADLOCK);
    find(Fault::UntoldOwed, named, panics_lose_nothing::of_the_clock_of_an_owner, DEADLOCK);
}

#[test]
fn an_owner_that_leaves_nothing_owed() {
    let named = "an owner that leaves gives up the run";
    find(Fault::LeavesNothing, named, limits_are_kept::while_the_clock_is_moved, "was cancelled");
}

#[test]
fn a_flush_that_does_not_release_the_owner() {
    let named = "the owner is not notified before the function of a flush";
    find(Fault::UntoldTakeOver, named, every_call_returns::before_the_function_of_a_flush, DEADLOCK);
}

#[test]
fn a_waiter_that_looks_before_it_listens() {
    let named = "a waiter looks before it listens";
    find(Fault::LookBeforeListening, named, every_call_returns::by_the_clock, DEADLOCK);
    find(Fault::LookBeforeListening, named, every_call_returns::by_a_finish, DEADLOCK);
    find(Fault::LookBeforeListening, named, every_call_returns::by_a_cancel, DEADLOCK);
    find(Fault::LookBeforeListening, named, every_call_returns::by_a_flush, DEADLOCK);
}

#[test]
fn a_waiter_that_is_not_counted() {
    let named = "a waiter does not count itself";
    find(Fault::Uncounted, named, every_call_returns::by_a_finish, DEADLOCK);
}

#[test]
fn a_load_and_a_store_in_place_of_the_compare_and_swap() {
    let named = "a load and a store in place of the compare-and-swap";
    find(Fault::LoadThenStore, named, runs_keep_their_distance::leading_or_trailing, "G1");
    find(Fault::LoadThenStore, named, one_owner::of_each_deferral, "G4");
}

#[test]
fn a_run_that_ends_before_its_function() {
    let named = "the running flag is cleared before the function";
    find(Fault::RunEndsFirst, named, runs_exclude::whatever_starts_them, "G2");
    find(Fault::RunEndsFirst, named, calls_are_covered::unless_cancelled, "G3");
}

#[test]
fn a_deferral_that_is_pending_until_its_function_has_returned() {
    let named = "the pending flag is cleared after the function";
    find(Fault::PendingTooLong, named, calls_are_covered::by_a_later_run, "G3");
    find(Fault::PendingTooLong, named, calls_are_covered::by_a_flush, "G3");
}

#[test]
fn a_panic_that_leaves_its_run_in_progress() {
    let named = "a run whose function panics does not finish";
    find(Fault::PanicLeavesRun, named, panics_lose_nothing::of_functions, DEADLOCK);
    find(Fault::PanicLeavesRun, named, random_mixture::of_all_operations, DEADLOCK);
}

#[test]
fn a_panic_that_leaves_its_deferral_pending() {
    let named = "an owner that panics leaves its deferral pending";
    find(Fault::PanicLeavesDeferral, named, panics_lose_nothing::of_the_clock, DEADLOCK);
}

#[test]
fn a_thread_that_does_not_recognize_itself() {
    let named = "a thread does not recognize its own run";
    find(Fault::NewNumbers, named, nested_calls_return::inside_a_run, DEADLOCK);
    find(Fault::NewNumbers, named, nested_calls_return::with_every_operation, DEADLOCK);
}

#[test]
fn a_thread_that_takes_every_other_for_itself() {
    let named = "a thread takes the run of another for its own";
    find(Fault::OneNumber, named, nested_calls_return::inside_a_run, "taken for a nested one");
}

#[test]
fn a_background_thread_that_is_not_told_of_a_call() {
    let named = "the background thread is not notified of a call";
    find(Fault::UntoldRequest, named, background_calls::are_covered, DEADLOCK);
    find(Fault::UntoldRequest, named, background_calls::inside_the_run_do_not_wait, DEADLOCK);
}

#[test]
fn a_background_run_whose_end_nobody_is_told_of() {
    let named = "nobody is notified of the end of a background run";
    find(Fault::UntoldFinish, named, background_calls::are_covered, DEADLOCK);
    find(Fault::UntoldFinish, named, background_calls::are_woken_by_the_clock, DEADLOCK);
}

#[test]
fn a_background_thread_that_is_not_told_of_a_flush() {
    let named = "the background thread is not notified of a flush";
    find(Fault::UntoldTakeOver, named, background_calls::are_woken_by_a_flush, DEADLOCK);
}

#[test]
fn a_cancel_that_those_in_front_are_not_told_of() {
    let named = "those who wait for a background run are not notified of a cancel";
    find(Fault::UntoldCancel, named, background_calls::are_woken_by_a_cancel, DEADLOCK);
}

#[test]
fn a_notification_that_wakes_no_background_thread() {
    let named = "a notification wakes no background thread";
    find(Fault::NotifyNobody, named, background_calls::are_woken_by_the_clock, DEADLOCK);
    find(Fault::NotifyNobody, named, background_calls::are_woken_by_a_shorter_threshold, DEADLOCK);
    find(Fault::NotifyNobody, named, background_ends::by_the_last_handle, DEADLOCK);
    find(Fault::NotifyNobody, named, background_mixture::of_all_operations, DEADLOCK);
}

#[test]
fn a_background_thread_that_looks_before_it_listens() {
    let named = "a background thread looks before it listens";
    find(Fault::LookBeforeListening, named, background_calls::are_covered, DEADLOCK);
    find(Fault::LookBeforeListening, named, background_ends::by_a_shutdown, DEADLOCK);
}

#[test]
fn a_background_thread_that_looks_before_it_locks() {
    let named = "a background thread ends by what it saw before it took the lock";
    // Either a call is lost, or the thread spins on what it saw: each shows as another failure.
    find(Fault::LookBeforeLocking, named, background_ends::by_a_shutdown, "");
}

#[test]
fn a_load_and_a_store_in_place_of_the_compare_and_swap_of_a_request() {
    let named = "a load and a store in place of the compare-and-swap of a request";
    // One lock orders all moves of the word but the finish of a run: its finish is lost, and nothing goes on.
    find(Fault::LoadThenStore, named, background_calls::are_covered, "");
}

#[test]
fn a_background_deferral_that_is_pending_too_long() {
    let named = "the pending flag is cleared after the background function";
    find(Fault::PendingTooLong, named, background_calls::are_covered, "G3");
}

#[test]
fn a_background_run_that_ends_before_its_function() {
    let named = "the running flag is cleared before the background function";
    find(Fault::RunEndsFirst, named, background_calls::are_covered, "G3");
}

#[test]
fn a_background_thread_that_leaves_nothing_owed() {
    let named = "a background thread that ends by a panic gives up the run";
    find(Fault::LeavesNothing, named, background_mixture::of_all_operations, "G3");
}

#[test]
fn a_background_thread_that_does_not_recognize_itself() {
    let named = "a background thread does not recognize itself";
    find(Fault::NewNumbers, named, background_calls::inside_the_run_do_not_wait, DEADLOCK);
    find(Fault::NewNumbers, named, background_ends::by_the_last_handle_inside_the_run, NO_END);
}

/// A failing schedule, as shuttle prints it or writes it to a file, leads to the same failure again at its very
/// end, and only while the fault is there. (A replay that took another course would complain of that.)
#[test]
fn a_failing_schedule_is_replayed() {
    for (fault, model) in [
        (Fault::LookBeforeListening, every_call_returns::by_the_clock as Model),
        (Fault::PanicLeavesRun, random_mixture::of_all_operations),
    ] {
        for scheduler in Scheduler::BOTH {
            // Shuttle does not write a schedule that is as long as the last one that it wrote in the same
            // thread.
            std::thread::spawn(move || fail_and_replay(fault, model, scheduler)).join().expect("no panic");
        }
    }
}

fn fail_and_replay(fault: Fault, model: Model, scheduler: Scheduler) {
    let model = move || model(&Tally::new());
    let folder = tempfile::tempdir().expect("a folder");
    let to_file = FailurePersistence::File(Some(folder.path().to_owned()));
    plant(fault);
    let failure = first_failure(scheduler, 6_000, to_file, model).expect("the fault is found");
    let written = fs::read_dir(folder.path()).expect("the folder").map(|entry| entry.expect("a file").path());
    let texts: Vec<_> = written.map(|path| fs::read_to_string(path).expect("a schedule")).collect();
    let [schedule] = &texts[..] else { panic!("{} schedules were written", texts.len()) };
    assert_eq!(replay(schedule, model), Some(failure.message.clone()));
    plant(Fault::Nothing);
    assert_ne!(replay(schedule, model), Some(failure.message));
}
