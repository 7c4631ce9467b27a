//! Negative controls: each planted fault is found by a property of `keyed_throttled.rs` that holds without it.
//!
//! The sources of the library are built here a second time, with an `owner` and an `over` into which a test
//! plants a fault.

#[path = "../../../loom-tests/tests/keyed_throttled/fault.rs"]
mod fault;
#[path = "../../../loom-tests/tests/keyed_throttled/planted.rs"]
#[allow(dead_code, unused_imports, unreachable_pub)]
mod keyed;
#[path = "../../../loom-tests/tests/keyed_throttled/owner.rs"]
#[allow(unreachable_pub)]
mod owner;
#[path = "keyed_throttled/properties.rs"]
#[allow(dead_code, reason = "the planted fault needs some of them")]
mod properties;

#[path = "../../../src/clock/mod.rs"]
#[allow(dead_code, unused_imports, unreachable_pub)]
mod clock;
#[path = "../../../src/gate/mod.rs"]
#[allow(dead_code, unused_imports)]
mod gate;
#[path = "../../../src/front/observe.rs"]
mod observe;
#[path = "../../../src/front/snapshot.rs"]
mod snapshot;
#[path = "../../../src/state/mod.rs"]
#[allow(dead_code, unused_imports)]
mod state;
#[path = "../../../src/sync/mod.rs"]
#[allow(dead_code, unused_imports)]
mod sync;
#[path = "../../../src/front/throttle/mod.rs"]
#[allow(dead_code, unused_imports)]
mod throttle;
#[path = "../../../src/time.rs"]
#[allow(dead_code)]
mod time;
#[path = "../../../src/front/wait.rs"]
#[allow(dead_code)]
mod wait;

// The front ends import what they share from `crate::front`.
mod front {
    #[allow(unused_imports)]
    pub(crate) use super::{keyed, observe, owner, snapshot, throttle, wait};
}

mod subject {
    pub use crate::clock::Manual;
    pub use crate::keyed::{KeyedThrottled, NotTaken, WeakKeyedThrottled};
    pub use crate::owner::{Pending, Shutdown};
    pub use crate::time::Timestamp;
    pub use crate::wait::WaitError;
}

// The doc comments of the sources link to names at the root of the crate.
#[allow(unused_imports)]
use {
    clock::{Clock, Monotonic},
    gate::Gate,
    keyed::{Keyed, KeyedThrottled},
    owner::{Ended, Panic, Pending, Shutdown},
    throttle::Throttle,
    wait::WaitError,
};

use fault::{Fault, plant};
use schedules::Model;
use watchdog as _;

fn find(fault: Fault, named: &str, model: Model, complaint: &str) {
    schedules::find(named, || plant(fault), model, complaint);
    plant(Fault::Nothing);
}

#[test]
fn a_key_that_is_pending_is_evicted() {
    let model = properties::evictions_lose_no_pending_key;
    find(Fault::ForgetsDeferrals, "a key is evicted while it is pending", model, "deadlock");
}

#[test]
fn a_call_looks_for_the_end_before_it_locks() {
    let named = "a call on a key that looks for the end only before it locks";
    find(Fault::LooksOnce, named, properties::of_all_operations, "a run is pending for ever");
}
