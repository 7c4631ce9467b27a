//! Explores a model, and says what was explored.

use crate::weakened::exploring;
use evidence::Check;
use evidence::Guarantee;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How far a model is explored.
#[derive(Clone, Copy, Debug)]
pub enum Bound {
    /// All executions.
    Exhaustive,
    /// All executions with at most this many preemptions.
    Preemptions(usize),
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exhaustive => f.write_str("loom, all interleavings"),
            Self::Preemptions(most) => write!(f, "loom, at most {most} preemptions"),
        }
    }
}

/// Counts something over all executions of a model. It is not part of the model: loom does not see it.
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

/// A model that was explored, and found right in every execution.
#[must_use = "a model is reported when it has `passed`"]
pub struct Explored {
    check: Check,
    executions: usize,
}

impl Explored {
    /// Asserts that so many executions were explored: loom ends a model that explores nothing as passed.
    ///
    /// # Panics
    ///
    /// If there were fewer.
    pub fn at_least(self, minimum: usize) -> Self {
        assert!(self.executions >= minimum, "explored {} executions, not {minimum}", self.executions);
        self
    }

    /// Asserts that `what` happened in some execution: a model that never comes to its branch shows nothing.
    ///
    /// # Panics
    ///
    /// If it did not.
    pub fn reached(self, tally: &Tally, what: &str) -> Self {
        assert!(tally.total() > 0, "in none of {} executions: {what}", self.executions);
        self
    }

    /// Asserts that `what` happened in no execution.
    ///
    /// # Panics
    ///
    /// If it did.
    pub fn never(self, tally: &Tally, what: &str) -> Self {
        assert_eq!(tally.total(), 0, "in some of {} executions: {what}", self.executions);
        self
    }

    /// Reports the model.
    pub fn passed(self) {
        self.check.passed(self.executions, "executions");
    }
}

/// Explores a `model` of a `claim` about `guarantees` (`&[G2, G3]`).
pub fn explore(
    bound: Bound,
    guarantees: &'static [Guarantee],
    claim: &str,
    model: impl Fn() + Send + Sync + 'static,
) -> Explored {
    let check = Check::of(guarantees, format!("{bound}: {claim}"));
    let _exploring = exploring();
    Explored { executions: search(bound, model), check }
}

/// Explores `model`, reports nothing, and returns the number of executions.
pub fn search(bound: Bound, model: impl Fn() + Send + Sync + 'static) -> usize {
    let executions = Tally::new();
    let counted = executions.clone();
    let mut builder = loom::model::Builder::new();
    // The environment does not matter: a limit in time or number would end the model silently.
    builder.max_duration = None;
    builder.max_permutations = None;
    builder.checkpoint_file = None;
    builder.preemption_bound = match bound {
        Bound::Exhaustive => None,
        Bound::Preemptions(most) => Some(most),
    };
    builder.check(move || {
        counted.count();
        model();
    });
    executions.total()
}
