//! What every model needs: times, a first run, a way to explore, and a way to report what was explored.
//!
//! A model is a closure that loom calls once for each execution: for each order in which the threads' accesses
//! can happen, as far as it makes a difference, and for each value that the memory model lets a load return, as
//! far back as the seventh latest. A [`Tally`] counts over all executions, and is asserted on after
//! [`explore`]: loom reports neither how much it explored nor which branches it saw, and a failed assertion
//! inside of a model can abort the process.
//!
//! The library ensures that loom leaves out no order, but only for the library's own atomics
//! (`src/sync/explored.rs`, `tests/all_orders.rs`). So no thread of a model loads and then writes an atomic
//! of the model's own, except inside a run, which the word orders.
//!
//! [`search`] explores a model with a planted fault and reports nothing; the caller asserts that the fault was
//! found. If the fault is a deadlock, [`ends_in_a_deadlock`] looks at it from outside; if the library itself
//! panics, [`fails_with`] does.

#[cfg(not(atomic_throttle_loom))]
compile_error!(
    "run the models with `cargo xtask loom`, or with `cargo test --release` inside `loom-tests`, where \
     .cargo/config.toml sets the flags"
);

mod background;
mod child;
mod explored;
mod weakened;

pub use background::{Background, CountsOnDrop};
pub use child::{ends_in_a_deadlock, fails_with};
pub use explored::{Bound, Explored, Tally, explore, search};

use atomic_throttle::gate::{Arrival, Deferral, Gate};
use atomic_throttle::{Manual, Threshold, Throttle, Timestamp};

/// The threshold of the models.
pub const THRESHOLD: Threshold = Threshold::from_nanos(10);
/// The start of the first run.
pub const LEADING: Timestamp = Timestamp::from_nanos(1);
/// Inside the first window.
pub const INSIDE: Timestamp = Timestamp::from_nanos(2);
/// The end of the first window.
pub const DUE: Timestamp = Timestamp::from_nanos(11);

/// Inside the second window, if the second run started at `DUE`.
pub const SECOND_INSIDE: Timestamp = Timestamp::from_nanos(12);
/// The end of that window.
pub const SECOND_DUE: Timestamp = Timestamp::from_nanos(21);
/// After every window of the models.
pub const LATER: Timestamp = Timestamp::from_nanos(1000);

/// Performs the first run, so that the window is closed.
///
/// # Panics
///
/// If the gate is not new.
pub fn lead(gate: &Gate) {
    let Arrival::Run(leading) = gate.arrive(LEADING) else { panic!("the first call runs") };
    leading.finish();
}

/// Performs the first run and makes a deferral in its window.
///
/// # Panics
///
/// If the gate is not new.
pub fn defer(gate: &Gate) -> Deferral<'_> {
    lead(gate);
    let Arrival::Defer(deferral) = gate.arrive(INSIDE) else { panic!("the second call defers") };
    deferral
}

/// A throttle on whose clock a first run has started at `LEADING`, and finished.
///
/// # Panics
///
/// Never: the first call of a throttle runs.
#[must_use]
pub fn after_a_run() -> Throttle<Manual> {
    let throttle = Throttle::with_clock(THRESHOLD.as_duration(), Manual::new(LEADING));
    assert!(throttle.try_run(|| ()).is_ok());
    throttle
}
