//! Counters that outlive a schedule.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts something over all schedules of a model. It is not part of the model: shuttle does not see it.
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
