//! The shipped sources of the gate and of waiting, judged by the axioms. They are built here a second time, on
//! atomics that record each operation (`sync`). So the code is judged, and not a model of it. Spurious failures
//! of its compare-and-swap are tried, too.
//!
//! All data is relaxed. A planted fault weakens one ordering in one thread; the function that the operation
//! stands in names the place.
//!
//! Each thread performs one or two calls, with the runs that follow from them. It cannot show what a longer
//! program does.

#[path = "../../../../src/gate/mod.rs"]
#[allow(dead_code, unused_imports)]
mod gate;
#[path = "../../../../src/state/mod.rs"]
#[allow(dead_code)]
mod state;
#[path = "../../../../src/time.rs"]
#[allow(dead_code)]
mod time;
#[path = "../../../../src/front/wait.rs"]
#[allow(dead_code, unused_imports)]
mod wait;

// The front ends import what they share from `crate::front`.
mod front {
    #[allow(unused_imports)]
    pub(crate) use super::wait;
}

mod clock;
mod coverage;
mod leaving;
mod plain;
mod publication;
mod scenario;
mod sync;
mod takeover;
mod waiting;
mod windows;

// The doc comments of the sources link to names at the root of the crate.
use watchdog as _;

#[allow(unused_imports)]
use gate::Gate;
