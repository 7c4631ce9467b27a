//! G3 for the count of a `Throttle`: each run's take sees every call that it covers, each call is taken once, and each part is
//! needed for that.

use crate::fault::{Fault, leave_out_fence, plant};
use atomic_throttle::gate::Fired;
use atomic_throttle::hook::{COALESCE, START};
use atomic_throttle::{Manual, Throttle};
use evidence::Guarantee::G3;
use evidence::caught;
use loom::sync::Arc;
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
    /// No fence before the decision of the call.
    CallFence,
    /// No fence after the start of the run.
    StartFence,
    /// Both fences are Release and Acquire alone, which is enough here.
    WeakFences,
}

/// In how many executions each of these happened.
#[derive(Clone, Default)]
struct Seen {
    coalesced: Tally,
    /// The run counted the call, and the call coalesced into none.
    early: Tally,
    /// A call was not taken by the run that covers it.
    missed: Tally,
    /// The calls that were taken, and those outstanding, do not add up to those that were counted.
    inexact: Tally,
}

/// A call is counted and coalesces, while the owner of the pending run starts that run and takes. The owner's
/// own call is counted, too.
fn caller_against_owner(seen: &Seen, planted: Planted) -> impl Fn() + Send + Sync + use<> {
    let seen = seen.clone();
    move || {
        let shared = Arc::new(Throttle::counting_with_clock(THRESHOLD.as_duration(), Manual::new(LEADING)));
        let (gate, calls) = (shared.gate(), &*shared);
        calls.count();
        let deferral = defer(gate);

        let caller = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                let (gate, calls) = (shared.gate(), &*shared);
                if planted == Planted::CallFence {
                    leave_out_fence(Some(&COALESCE));
                }
                if planted == Planted::CountsAfter {
                    let told_covered = gate.coalesce().is_some();
                    calls.count();
                    return told_covered;
                }
                calls.count();
                gate.coalesce().is_some()
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
        run.finish();

        let told_covered = caller.join().expect("the caller does not panic");
        seen.coalesced.count_if(told_covered);
        seen.early.count_if(!told_covered && taken == 2);
        seen.missed.count_if(told_covered && taken != 2);
        seen.inexact.count_if(taken + calls.outstanding() != 2);
    }
}

#[test]
fn each_call_is_taken_once_and_not_too_late() {
    let seen = Seen::default();
    let model = caller_against_owner(&seen, Planted::Nothing);
    explore(Bound::Exhaustive, &[G3], "the count of a call against the run that covers it", model)
        .at_least(50)
        .reached(&seen.coalesced, "the call was told that it is covered")
        .reached(&seen.early, "a call that is not covered was taken all the same")
        .never(&seen.missed, "the covering run did not take the call")
        .never(&seen.inexact, "a call was lost, or taken twice")
        .passed();
}

/// Explores the model with `planted`, and returns the number of executions and what was seen.
fn seen_with(planted: Planted) -> (usize, Seen) {
    let seen = Seen::default();
    plant(if planted == Planted::WeakFences { Fault::WeakFences } else { Fault::Nothing });
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

#[test]
fn a_call_that_is_counted_afterwards_is_missed() {
    a_call_is_missed(Planted::CountsAfter, "a call is counted after it was told that it is covered");
}

#[test]
fn without_the_fence_of_the_call_a_call_is_missed() {
    a_call_is_missed(Planted::CallFence, "a call is counted, and no fence before its decision");
}

#[test]
fn without_the_fence_of_the_start_a_call_is_missed() {
    a_call_is_missed(Planted::StartFence, "calls are taken with no fence after the start");
}

/// Weaker fences are no fault for a count: a call that is counted after the take has read what the take wrote,
/// and the fences turn that into an edge. Data that is only stored and loaded needs more (`no_missed_update`).
#[test]
fn with_weaker_fences_no_call_is_missed() {
    let (executions, seen) = seen_with(Planted::WeakFences);
    assert!(seen.coalesced.total() > 0, "it coalesces in none of {executions} executions");
    assert_eq!((seen.missed.total(), seen.inexact.total()), (0, 0));
}

#[test]
fn a_take_in_two_steps_loses_a_call() {
    let (executions, seen) = seen_with(Planted::TakesInTwoSteps);
    let inexact = seen.inexact.total();
    assert!(inexact > 0, "the planted fault was not found in {executions} executions");
    let how = format!("loom: a call is lost in {inexact} of {executions} executions");
    caught("the calls are taken by a load and a later store", &how);
}
