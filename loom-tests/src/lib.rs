//! What every model needs: a bound, a count of executions, and counters that outlive an execution.

#[cfg(not(atomic_throttle_loom))]
compile_error!(
    "run the models with `cargo xtask loom`, or with `cargo test --release` inside `loom-tests`, where \
     .cargo/config.toml sets the flags"
);

use atomic_throttle::gate::{Arrival, Deferral, Gate};
use atomic_throttle::{Threshold, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The threshold of the models.
pub const THRESHOLD: Threshold = Threshold::from_nanos(10);
/// The start of the first run.
pub const LEADING: Timestamp = Timestamp::from_nanos(1);
/// Inside the first window.
pub const INSIDE: Timestamp = Timestamp::from_nanos(2);
/// The end of the first window.
pub const DUE: Timestamp = Timestamp::from_nanos(11);

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

/// How far a model is explored.
#[derive(Clone, Copy, Debug)]
pub enum Bound {
    /// All executions.
    Exhaustive,
    /// All executions with at most this many preemptions.
    Preemptions(usize),
}

/// Counts something over all executions of a model. Not part of the model: loom does not see it.
#[derive(Clone, Debug, Default)]
pub struct Tally(Arc<AtomicUsize>);

impl Tally {
    /// A tally of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one.
    pub fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts one if `happened`.
    pub fn count_if(&self, happened: bool) {
        self.0.fetch_add(usize::from(happened), Ordering::Relaxed);
    }

    /// The count so far.
    #[must_use]
    pub fn total(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// Explores `model` and returns the number of executions. The caller asserts on it: loom ends a model
/// that explores nothing as passed.
pub fn explore(bound: Bound, model: impl Fn() + Send + Sync + 'static) -> usize {
    let executions = Tally::new();
    let counted = executions.clone();
    let mut builder = loom::model::Builder::new();
    // Whatever the environment says: a limit in time or number would end the model silently.
    builder.max_duration = None;
    builder.max_permutations = None;
    builder.preemption_bound = match bound {
        Bound::Exhaustive => None,
        Bound::Preemptions(preemptions) => Some(preemptions),
    };
    builder.check(move || {
        counted.count();
        model();
    });
    println!("{bound:?}: {} executions", executions.total());
    executions.total()
}
