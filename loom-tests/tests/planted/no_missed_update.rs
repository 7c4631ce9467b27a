//! G3: the covering run sees what a caller wrote (relaxed) before it coalesced, and both fences are necessary
//! for that.

use crate::fault::{Fault, leave_out_fence, plant};
use atomic_throttle::gate::{Fired, Gate};
use atomic_throttle::hook::{COALESCE, START};
use evidence::Guarantee::G3;
use evidence::caught;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread;
use loom_tests::{Bound, Tally, explore, search};
use loom_tests::{DUE, THRESHOLD, defer};

/// The fence that is left out, or weaker.
#[derive(Clone, Copy, PartialEq)]
enum Planted {
    Nothing,
    /// Before the decision of the call that coalesces.
    CallFence,
    /// After the start of the run.
    StartFence,
    /// Both fences are Release and Acquire alone.
    WeakFences,
}

/// What was counted.
#[derive(Clone, Default)]
struct Seen {
    coalesced: Tally,
    missed: Tally,
}

/// A caller writes its data and coalesces, while the owner of the pending run starts it and reads.
fn caller_against_owner(seen: &Seen, planted: Planted) -> impl Fn() + Send + Sync + use<> {
    let seen = seen.clone();
    move || {
        let shared = Arc::new((Gate::new(THRESHOLD), AtomicUsize::new(0)));
        let deferral = defer(&shared.0);

        let caller = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                if planted == Planted::CallFence {
                    leave_out_fence(Some(&COALESCE));
                }
                shared.1.store(1, Relaxed);
                shared.0.coalesce().is_some()
            }
        });
        if planted == Planted::StartFence {
            leave_out_fence(Some(&START));
        }
        let Fired::Run(run) = deferral.fire(DUE) else { panic!("nothing is in its way") };
        let data = shared.1.load(Relaxed);
        run.finish();

        let told_covered = caller.join().expect("the caller does not panic");
        seen.coalesced.count_if(told_covered);
        seen.missed.count_if(told_covered && data != 1);
    }
}

#[test]
fn no_update_is_missed() {
    let seen = Seen::default();
    let model = caller_against_owner(&seen, Planted::Nothing);
    explore(Bound::Exhaustive, &[G3], "a call that coalesces against the run that covers it", model)
        .at_least(50)
        .reached(&seen.coalesced, "the call was told that it is covered")
        .never(&seen.missed, "the run missed the call")
        .passed();
}

fn an_update_is_missed(planted: Planted, fault: &str) {
    let seen = Seen::default();
    plant(if planted == Planted::WeakFences { Fault::WeakFences } else { Fault::Nothing });
    let executions = search(Bound::Exhaustive, caller_against_owner(&seen, planted));
    plant(Fault::Nothing);
    let missed = seen.missed.total();
    assert!(missed > 0, "the planted fault was not found in {executions} executions");
    caught(fault, &format!("loom: an update is missed in {missed} of {executions} executions"));
}

#[test]
fn without_the_fence_of_the_call_an_update_is_missed() {
    an_update_is_missed(Planted::CallFence, "no fence before a decision");
}

#[test]
fn without_the_fence_of_the_start_an_update_is_missed() {
    an_update_is_missed(Planted::StartFence, "no fence after a start");
}

#[test]
fn with_weaker_fences_an_update_is_missed() {
    an_update_is_missed(Planted::WeakFences, "fences that are Release and Acquire alone");
}
