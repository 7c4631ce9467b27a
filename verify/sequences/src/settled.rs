//! How runs that are settled ended, and what the calls that they covered are told: the first settled run after a call
//! decides.

use atomic_throttle::WaitError;
use reference::{Model, Promise};

/// So many failures are told of.
const REMEMBERED: usize = 16;

#[derive(Debug, Default)]
pub struct Settled {
    /// The start of the latest run that is settled.
    latest: u64,
    /// The runs that panicked: the start of the settled run before, and its own.
    panicked: Vec<(u64, u64)>,
}

impl Settled {
    pub fn settle(&mut self, epoch: u64, has_panicked: bool) {
        if has_panicked {
            self.panicked.push((self.latest, epoch));
        }
        self.latest = epoch;
    }

    /// The result of a wait for the run that covers a call of this epoch, or `None` if the wait goes on.
    pub fn cover(&self, model: &Model, epoch: u64) -> Option<Result<(), WaitError>> {
        if self.latest > epoch {
            return Some(self.told(epoch));
        }
        if model.in_progress && model.latest_start > epoch {
            return None;
        }
        match model.promise {
            Promise::Owned => None,
            Promise::Orphaned => Some(Err(WaitError::Owed)),
            Promise::Nothing | Promise::TakenBack => Some(Err(WaitError::Cancelled)),
        }
    }

    /// Whether the latest run has succeeded, and covers a call of this epoch as well.
    pub fn has_later_success(&self, epoch: u64) -> bool {
        self.latest > epoch && self.panicked.last().is_none_or(|&(_, run)| run < self.latest)
    }

    /// What a call of this epoch is told, whose run has ended.
    fn told(&self, epoch: u64) -> Result<(), WaitError> {
        let (forgotten, remembered) = self.panicked.split_at(self.panicked.len().saturating_sub(REMEMBERED));
        let covers = |(after, run): (u64, u64)| after <= epoch && epoch < run;
        if remembered.iter().any(|&panicked| covers(panicked)) {
            return Err(WaitError::Panicked);
        }
        // All that lies between the failures that are forgotten is not known any more.
        let oldest = forgotten.first().map_or(0, |&(after, _)| after);
        if forgotten.last().is_some_and(|&(_, run)| covers((oldest, run))) {
            return Err(WaitError::Forgotten);
        }
        Ok(())
    }
}

/// The epoch of a call that all calls made until now are covered with; `None` if there was none.
pub fn latest_call(model: &Model) -> Option<u64> {
    match (model.promise, model.latest_start) {
        (Promise::Owned | Promise::Orphaned, latest) => Some(latest),
        (_, 0) => None,
        (_, latest) => Some(latest - 1),
    }
}
