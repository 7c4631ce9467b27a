//! G3: what a caller wrote (relaxed) before it was told *coalesced* is seen by the covering run, and
//! both fences are necessary for that.
//!
//! The shipped sources of the gate are built here a second time, on a `sync` whose fence can be left
//! out by one thread. With nothing left out the model must pass, with either fence left out it must
//! find a missed update.

#[path = "../../src/gate/mod.rs"]
#[allow(dead_code, unused_imports)]
mod gate;
#[path = "../../src/state/mod.rs"]
#[allow(dead_code)]
mod state;
#[path = "planted/sync.rs"]
mod sync;
#[path = "../../src/time.rs"]
#[allow(dead_code)]
mod time;

// The sources name what the crate exports at its root in their links.
#[allow(unused_imports)]
use gate::Gate;

use gate::{Arrival, Fired};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread;
use loom_tests::{Bound, Tally, explore};
use time::{Threshold, Timestamp};

const THRESHOLD: Threshold = Threshold::from_nanos(10);
const LEADING: Timestamp = Timestamp::from_nanos(1);
const INSIDE: Timestamp = Timestamp::from_nanos(2);
const DUE: Timestamp = Timestamp::from_nanos(11);

/// Which fence is left out.
#[derive(Clone, Copy, PartialEq)]
enum Planted {
    Nothing,
    /// Before the decision of the call that coalesces.
    CallFence,
    /// After the start of the run.
    StartFence,
}

struct Found {
    executions: usize,
    coalesced: usize,
    missed: usize,
}

/// A caller writes its data and coalesces, while the owner of the pending run starts it and reads.
fn caller_against_owner(planted: Planted) -> Found {
    let (coalesced, missed) = (Tally::new(), Tally::new());
    let (coalesced_in, missed_in) = (coalesced.clone(), missed.clone());
    let executions = explore(Bound::Exhaustive, move || {
        let shared = Arc::new((Gate::new(THRESHOLD), AtomicUsize::new(0)));
        let Arrival::Run(leading) = shared.0.arrive(LEADING) else { panic!("the first call runs") };
        leading.finish();
        let Arrival::Defer(deferral) = shared.0.arrive(INSIDE) else { panic!("the second defers") };

        let caller = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                if planted == Planted::CallFence {
                    sync::leave_out_fences_of_this_thread();
                }
                shared.1.store(1, Relaxed);
                shared.0.coalesce().is_some()
            }
        });
        if planted == Planted::StartFence {
            sync::leave_out_fences_of_this_thread();
        }
        let Fired::Run(run) = deferral.fire(DUE) else { panic!("nothing is in its way") };
        let seen = shared.1.load(Relaxed);
        run.finish();

        let told_covered = caller.join().expect("the caller does not panic");
        coalesced_in.count_if(told_covered);
        missed_in.count_if(told_covered && seen != 1);
    });
    Found { executions, coalesced: coalesced.total(), missed: missed.total() }
}

#[test]
fn no_update_is_missed() {
    let found = caller_against_owner(Planted::Nothing);
    assert!(found.executions > 5, "explored {}", found.executions);
    assert!(found.coalesced > 0, "the branch was reached");
    assert_eq!(found.missed, 0);
}

#[test]
fn without_the_fence_of_the_call_an_update_is_missed() {
    assert!(caller_against_owner(Planted::CallFence).missed > 0);
}

#[test]
fn without_the_fence_of_the_start_an_update_is_missed() {
    assert!(caller_against_owner(Planted::StartFence).missed > 0);
}
