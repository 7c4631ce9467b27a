//! The negative controls: faults that are planted in the library, and that the models find.
//!
//! The shipped sources are built here a second time, on a [`sync`] that can be given a fault. Each model is
//! explored with nothing planted, and must pass, then with each of its faults, and must fail. This shows that
//! the models can fail, and that each fence and each ordering is needed.

#[path = "../../../src/front/counted/calls.rs"]
#[allow(dead_code)]
mod calls;
#[path = "../../../src/clock/mod.rs"]
#[allow(dead_code, unused_imports)]
mod clock;
#[path = "../../../src/gate/mod.rs"]
#[allow(dead_code, unused_imports)]
mod gate;
#[path = "../../../src/front/observe.rs"]
mod observe;
#[path = "../../../src/front/owner/mod.rs"]
#[allow(dead_code, unreachable_pub)]
mod owner;
#[path = "../../../src/front/snapshot.rs"]
mod snapshot;
#[path = "../../../src/state/mod.rs"]
#[allow(dead_code)]
mod state;
mod sync;
#[path = "../../../src/front/throttle/mod.rs"]
#[allow(dead_code, unused_imports)]
mod throttle;
#[path = "../../../src/front/throttled/mod.rs"]
#[allow(dead_code)]
mod throttled;
#[path = "../../../src/time.rs"]
#[allow(dead_code)]
mod time;
#[path = "../../../src/front/wait.rs"]
#[allow(dead_code)]
mod wait;

// The front ends import what they share from `crate::front`.
mod front {
    #[allow(unused_imports)]
    pub(crate) use super::{observe, owner, snapshot, throttle, throttled, wait};
}

mod counts;
mod finishes;
mod moves;
mod no_missed_update;
mod wakes;
mod worker_decides;
mod worker_is_woken;

// The doc comments of the sources link to names at the root of the crate.
#[allow(unused_imports)]
use {
    clock::{Clock, Manual, Monotonic},
    gate::Gate,
    owner::{Ended, Panic, Pending, Shutdown},
    throttle::Throttle,
    throttled::Throttled,
    wait::WaitError,
};

use gate::{Arrival, Deferral};
use time::{Threshold, Timestamp};
use watchdog as _;

const THRESHOLD: Threshold = Threshold::from_nanos(10);
const LEADING: Timestamp = Timestamp::from_nanos(1);
const INSIDE: Timestamp = Timestamp::from_nanos(2);
const DUE: Timestamp = Timestamp::from_nanos(11);

/// Performs the first run and makes a deferral in its window.
fn defer(gate: &Gate) -> Deferral<'_> {
    let Arrival::Run(leading) = gate.arrive(LEADING) else { panic!("the first call runs") };
    leading.finish();
    let Arrival::Defer(deferral) = gate.arrive(INSIDE) else { panic!("the second call defers") };
    deferral
}
