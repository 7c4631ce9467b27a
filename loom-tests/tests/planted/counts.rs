//! G3 and G10 for the count of a `Throttle`: each run's take sees every call that it covers and what its
//! caller wrote, each call is taken once, and each part is needed for that. The decision of a call that is
//! counted has no fence.

use crate::fault::{Fault, leave_out_fence, plant};
use atomic_throttle::gate::Fired;
use atomic_throttle::hook::START;
use atomic_throttle::{Manual, Throttle};
use evidence::Guarantee::{G3, G10};
use evidence::caught;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU64, Ordering::Relaxed};
use loom::thread;
use loom_tests::{Bound, Tally, explore, search};
use loom_tests::{DUE, LEADING, THRESHOLD, defer};

/// The fault.
#[derive(Clone, Copy, PartialEq)]
enum Planted {
    Nothing,
    /// A call is counted after it has got its answer.
    CountsAfter,
    /// A take is a look and a later reset.
    TakesInTwoSteps,
    /// No fence after the start of the run.
    StartFence,
    /// An order of the library is weaker.
    Order(Fault),
}

/// In how many executions each of these happened.
#[derive(Clone, Default)]
struct Seen {
    coalesced: Tally,
    /// The run counted the call, and the call coalesced into none.
    early: Tally,
    /// A call was not taken by the run that covers it.
    missed: Tally,
    /// A call was taken, or is covered, and the run did not see what the caller wrote.
    unseen: Tally,
    /// The calls that were taken, and those outstanding, do not add up to those that were counted.
    inexact: Tally,
}

/// A call is counted and coalesces, while the owner of the pending run starts that run and takes. The owner's
/// own call is counted, too.
fn caller_against_owner(seen: &Seen, planted: Planted) -> impl Fn() + Send + Sync + use<> {
    let seen = seen.clone();
    move || {
        let throttle = Throttle::counting_with_clock(THRESHOLD.as_duration(), Manual::new(LEADING));
        let shared = Arc::new((throttle, AtomicU64::new(0)));
        let (calls, written) = &*shared;
        calls.count();
        let deferral = defer(calls.gate());

        let caller = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                let (calls, written) = &*shared;
                written.store(1, Relaxed);
                if planted == Planted::CountsAfter {
                    let told_covered = calls.coalesce_counted().is_some();
                    calls.count();
                    return told_covered;
                }
                calls.count();
                calls.coalesce_counted().is_some()
            }
        });
        if planted == Planted::StartFence {
            leave_out_fence(Some(&START));
        }
        let Fired::Run(run) = deferral.fire(DUE) else { panic!("nothing is in its way") };
        let taken = if planted == Planted::TakesInTwoSteps {
            let looked = calls.outstanding();
            let _ = calls.told();
            looked
        } else {
            calls.told()
        };
        let saw = written.load(Relaxed) == 1;
        run.finish();

        let told_covered = caller.join().expect("the caller does not panic");
        seen.coalesced.count_if(told_covered);
        seen.early.count_if(!told_covered && taken == 2);
        seen.missed.count_if(told_covered && taken != 2);
        seen.unseen.count_if(!saw && (told_covered || taken == 2));
        seen.inexact.count_if(taken + calls.outstanding() != 2);
    }
}

#[test]
fn each_call_is_taken_once_and_not_too_late() {
    let seen = Seen::default();
    let model = caller_against_owner(&seen, Planted::Nothing);
    explore(Bound::Exhaustive, &[G3, G10], "the count of a call against the run that covers it", model)
        .at_least(20)
        .reached(&seen.coalesced, "the call was told that it is covered")
        .reached(&seen.early, "a call that is not covered was taken all the same")
        .never(&seen.missed, "the covering run did not take the call")
        .never(&seen.unseen, "the run did not see what the caller wrote")
        .never(&seen.inexact, "a call was lost, or taken twice")
        .passed();
}

/// Explores the model with `planted`, and returns the number of executions and what was seen.
fn seen_with(planted: Planted) -> (usize, Seen) {
    let seen = Seen::default();
    plant(if let Planted::Order(fault) = planted { fault } else { Fault::Nothing });
    let executions = search(Bound::Exhaustive, caller_against_owner(&seen, planted));
    plant(Fault::Nothing);
    (executions, seen)
}

fn a_call_is_missed(planted: Planted, fault: &str) {
    let (executions, seen) = seen_with(planted);
    let missed = seen.missed.total();
    assert!(missed > 0, "the planted fault was not found in {executions} executions");
    assert_eq!(seen.inexact.total(), 0, "the total is exact all the same");
    caught(fault, &format!("loom: a run misses a call in {missed} of {executions} executions"));
}

/// The call is taken all the same.
fn a_write_is_missed(planted: Planted, fault: &str) {
    let (executions, seen) = seen_with(planted);
    let unseen = seen.unseen.total();
    assert!(unseen > 0, "the planted fault was not found in {executions} executions");
    assert_eq!((seen.missed.total(), seen.inexact.total()), (0, 0), "each call is counted all the same");
    let how = format!("loom: a run misses what a caller wrote in {unseen} of {executions} executions");
    caught(fault, &how);
}

#[test]
fn a_call_that_is_counted_afterwards_is_missed() {
    a_call_is_missed(Planted::CountsAfter, "a call is counted after it was told that it is covered");
}

#[test]
fn without_an_acquire_of_the_call_a_call_is_missed() {
    a_call_is_missed(Planted::Order(Fault::ReleasesCount), "the count of a call is a Release alone");
}

#[test]
fn without_the_fence_of_the_start_a_call_is_missed() {
    a_call_is_missed(Planted::StartFence, "calls are taken with no fence after the start");
}

#[test]
fn without_a_release_of_the_call_a_write_is_missed() {
    a_write_is_missed(Planted::Order(Fault::AcquiresCount), "the count of a call is an Acquire alone");
}

#[test]
fn without_an_acquire_of_the_take_a_write_is_missed() {
    a_write_is_missed(Planted::Order(Fault::RelaxedTake), "calls are taken without Acquire");
}

/// A weaker fence of the start is no fault for a count: a call that is counted after the take has read what
/// the take wrote, and the fence turns that into an edge. Data that is only stored and loaded needs more
/// (`no_missed_update`).
#[test]
fn with_weaker_fences_no_call_is_missed() {
    let (executions, seen) = seen_with(Planted::Order(Fault::WeakFences));
    assert!(seen.coalesced.total() > 0, "it coalesces in none of {executions} executions");
    assert_eq!((seen.missed.total(), seen.unseen.total(), seen.inexact.total()), (0, 0, 0));
}

#[test]
fn a_take_in_two_steps_loses_a_call() {
    let (executions, seen) = seen_with(Planted::TakesInTwoSteps);
    let inexact = seen.inexact.total();
    assert!(inexact > 0, "the planted fault was not found in {executions} executions");
    let how = format!("loom: a call is lost in {inexact} of {executions} executions");
    caught("the calls are taken by a load and a later store", &how);
}
