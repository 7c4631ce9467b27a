//! The properties, of the library as it is shipped.

mod properties;

mod subject {
    pub use atomic_throttle::gate::{Arrival, Deferral, Fired, Gate};
    pub use atomic_throttle::{
        Clock, Coalesced, Ended, Epoch, Manual, Moved, NotFlushed, Outcome, Pending, Refused, Shutdown,
        Threshold, Throttle, Throttled, ThrottledBuilder, Timestamp, WaitError, WeakThrottled,
    };
}

use evidence::Guarantee::{G1, G2, G3, G4, G5, G6, G9};
use properties::{
    background_calls, background_ends, background_mixture, calls_are_covered, every_call_returns,
    limits_are_kept, nested_calls_return, one_owner, panics_lose_nothing, random_mixture, runs_exclude,
    runs_keep_their_distance,
};
use schedules::hold;
use watchdog as _;

#[test]
fn every_call_returns_by_the_clock() {
    hold(&[G5], "4 threads: the clock wakes all who wait", every_call_returns::by_the_clock);
}

#[test]
fn every_call_returns_by_a_finish() {
    hold(&[G5], "4 threads: the end of a run wakes all who wait", every_call_returns::by_a_finish);
}

#[test]
fn every_call_returns_by_a_shorter_threshold() {
    hold(
        &[G5],
        "an owner and 3 handles: a shorter threshold wakes all",
        every_call_returns::by_a_shorter_threshold,
    );
}

#[test]
fn every_call_returns_by_a_cancel() {
    hold(&[G5], "an owner and 3 handles: a cancel wakes all", every_call_returns::by_a_cancel);
}

#[test]
fn every_call_returns_by_a_flush() {
    hold(&[G5], "an owner and 3 handles: a flush wakes all", every_call_returns::by_a_flush);
}

#[test]
fn every_call_returns_by_an_owner_that_leaves() {
    hold(
        &[G5, G6],
        "an owner that leaves at its limit wakes 3 handles",
        every_call_returns::by_an_owner_that_leaves,
    );
}

#[test]
fn every_call_returns_before_the_function_of_a_flush() {
    hold(
        &[G5],
        "a flush releases the owner before its function",
        every_call_returns::before_the_function_of_a_flush,
    );
}

#[test]
fn runs_keep_their_distance_leading_or_trailing() {
    hold(&[G1], "4 threads: runs keep their distance", runs_keep_their_distance::leading_or_trailing);
}

#[test]
fn runs_exclude_whatever_starts_them() {
    hold(&[G2], "4 threads: runs exclude, whatever starts them", runs_exclude::whatever_starts_them);
}

#[test]
fn calls_are_covered_by_a_later_run() {
    hold(&[G3], "4 threads: each call is covered by a run", calls_are_covered::by_a_later_run);
}

#[test]
fn calls_are_covered_by_a_flush() {
    hold(&[G3], "4 threads and flushes: each call is covered by a run", calls_are_covered::by_a_flush);
}

#[test]
fn calls_are_covered_unless_cancelled() {
    hold(&[G3], "4 threads and cancels: covered or cancelled", calls_are_covered::unless_cancelled);
}

#[test]
fn one_owner_of_each_deferral() {
    hold(&[G4], "4 threads, cancels, flushes: one owner of each deferral", one_owner::of_each_deferral);
}

#[test]
fn panics_of_functions_lose_nothing() {
    hold(&[G2, G3, G5, G6], "4 threads: panics of functions lose nothing", panics_lose_nothing::of_functions);
}

#[test]
fn panics_of_the_clock_lose_nothing() {
    hold(&[G3, G5, G6], "4 threads: a panic of the clock loses nothing", panics_lose_nothing::of_the_clock);
}

#[test]
fn panics_of_the_clock_of_an_owner_lose_nothing() {
    hold(
        &[G5, G6],
        "an owner whose clock panics wakes 3 handles",
        panics_lose_nothing::of_the_clock_of_an_owner,
    );
}

#[test]
fn a_fatal_panic_refuses_all_who_know_of_it() {
    hold(&[G6], "3 threads: those who know of a fatal panic are refused", panics_lose_nothing::that_is_fatal);
}

#[test]
fn panics_of_the_clock_of_a_background_thread_lose_nothing() {
    hold(
        &[G3, G6],
        "a background thread whose clock panics leaves owed what was flushed",
        panics_lose_nothing::of_the_clock_of_a_background_thread,
    );
}

#[test]
fn limits_are_kept_while_the_clock_is_moved() {
    hold(&[G3, G6], "4 threads: limits are kept", limits_are_kept::while_the_clock_is_moved);
}

#[test]
fn nested_calls_return_inside_a_run() {
    hold(&[G3, G9], "4 threads: nested calls return, covered or owed", nested_calls_return::inside_a_run);
}

#[test]
fn nested_calls_return_with_every_operation() {
    hold(&[G5, G9], "4 threads: every operation inside runs", nested_calls_return::with_every_operation);
}

#[test]
fn random_mixture_of_all_operations() {
    hold(&[G2, G3, G5, G6, G9], "4 threads: random operations", random_mixture::of_all_operations);
}

#[test]
fn background_calls_are_covered() {
    hold(&[G3, G5], "4 threads: calls of a background throttle", background_calls::are_covered);
}

#[test]
fn background_calls_are_flushed_once() {
    hold(
        &[G3, G4],
        "3 threads flush a background throttle and one cancels",
        background_calls::are_flushed_once,
    );
}

#[test]
fn background_calls_are_woken_by_the_clock() {
    hold(
        &[G5],
        "the clock wakes a background thread, and 3 who wait",
        background_calls::are_woken_by_the_clock,
    );
}

#[test]
fn background_calls_are_woken_by_a_shorter_threshold() {
    hold(
        &[G5],
        "a shorter threshold wakes a background thread, and 3 who wait",
        background_calls::are_woken_by_a_shorter_threshold,
    );
}

#[test]
fn background_calls_are_woken_by_a_cancel() {
    hold(&[G5], "a cancel wakes 3 who wait in front", background_calls::are_woken_by_a_cancel);
}

#[test]
fn background_calls_are_woken_by_a_flush() {
    hold(&[G5], "a flush wakes a background thread, and 3 who wait", background_calls::are_woken_by_a_flush);
}

#[test]
fn background_calls_inside_the_run_do_not_wait() {
    hold(&[G9], "a background run does not wait for itself", background_calls::inside_the_run_do_not_wait);
}

#[test]
fn background_ends_by_a_shutdown() {
    hold(&[G3], "3 threads call a background throttle that 2 end", background_ends::by_a_shutdown);
}

#[test]
fn background_ends_by_the_last_handle() {
    hold(
        &[G3],
        "4 threads call a background throttle and drop their handles",
        background_ends::by_the_last_handle,
    );
}

#[test]
fn background_ends_by_the_last_handle_inside_the_run() {
    hold(
        &[G9],
        "the last handle is dropped inside a background run",
        background_ends::by_the_last_handle_inside_the_run,
    );
}

#[test]
fn background_random_mixture() {
    hold(
        &[G1, G2, G3, G5, G6, G9],
        "all operations of a background throttle",
        background_mixture::of_all_operations,
    );
}
