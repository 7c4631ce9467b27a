//! Settings that save themselves.

use crate::sync::{AtomicU64, Ordering};
use atomic_throttle::{Clock, Outcome, Throttle};
use std::time::Duration;

/// The place where settings are saved, such as a file.
pub trait Store {
    /// Saves the settings, which are at `version`. Never called twice at a time.
    fn save(&self, version: u64);
}

/// Settings that save themselves when they change, at most once per threshold.
///
/// Only their version is here: what a setting is does not matter to how it is saved.
#[derive(Debug)]
pub struct Settings<S, C> {
    version: AtomicU64,
    saving: Throttle<C>,
    store: S,
}

impl<S: Store, C: Clock> Settings<S, C> {
    /// Settings at version 0, which counts as saved.
    pub fn new(saving: Throttle<C>, store: S) -> Self {
        Self { version: AtomicU64::new(0), saving, store }
    }

    /// Call it when a setting was changed: it is saved now, or by the next save. Returns what
    /// [`save_soon`](Self::save_soon) returns.
    pub fn changed(&self) -> bool {
        self.touch();
        self.save_soon()
    }

    /// Call it when a setting was changed, and [`save_soon`](Self::save_soon) follows.
    pub fn touch(&self) {
        // Relaxed is enough: whatever is written before a call is visible to the run that covers it.
        self.version.fetch_add(1, Ordering::Relaxed);
    }

    /// Saves all that was touched before, now or by the next save. The thread that owns that save waits here
    /// for its turn; the others return at once.
    ///
    /// Returns whether a save has covered it, or is sure to come. Neither is so if another thread cancelled the
    /// save, or if this was called inside of a save; then the next save covers it, too.
    pub fn save_soon(&self) -> bool {
        // The version is read in the run, and not before: the run must cover the calls of other threads.
        match self.saving.run(|| self.store.save(self.version())) {
            Outcome::RanAtOnce(()) | Outcome::RanDeferred(()) | Outcome::Coalesced(_) => true,
            Outcome::Cancelled | Outcome::Owed => false,
        }
    }

    /// The program is about to end: from now on no save waits for a window to end.
    pub fn wait_no_more(&self) {
        self.saving.set_threshold(Duration::ZERO);
    }

    /// The latest version.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Relaxed)
    }

    /// What spaces the saves.
    pub fn saving(&self) -> &Throttle<C> {
        &self.saving
    }

    /// Where the settings are saved.
    pub fn store(&self) -> &S {
        &self.store
    }
}
