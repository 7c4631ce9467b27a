//! [`Promises`]: waits for everything that was requested before, without a word for each key.
//!
//! Each promise of a run has a number, and is redeemed once: its run completed or panicked, or it was cancelled,
//! or it is owed. A wait counts those that are not yet redeemed and older than itself.

use super::active::PromiseId;
use crate::front::wait::WaitError;
use std::vec::Vec;

pub(super) struct Promises {
    next: u64,
    /// How many are not redeemed.
    outstanding: u64,
    waits: Vec<Wait>,
}

struct Wait {
    name: u64,
    /// The first promise that it does not wait for.
    before: u64,
    left: u64,
    /// What became of the first that was not run as it should be.
    failed: Option<WaitError>,
}

impl Promises {
    pub(super) fn new() -> Self {
        Self { next: 0, outstanding: 0, waits: Vec::new() }
    }

    pub(super) fn allocated_bytes(&self) -> usize {
        self.waits.capacity() * size_of::<Wait>()
    }

    pub(super) fn issue(&mut self) -> PromiseId {
        let promise = PromiseId(self.next);
        self.next += 1;
        self.outstanding += 1;
        promise
    }

    pub(super) fn redeem(&mut self, promise: PromiseId, how: &Result<(), WaitError>) {
        self.outstanding -= 1;
        for wait in self.waits.iter_mut().filter(|wait| promise.0 < wait.before) {
            wait.left -= 1;
            if wait.failed.is_none() {
                wait.failed = how.clone().err();
            }
        }
    }

    pub(super) fn are_redeemed(&self) -> bool {
        self.outstanding == 0
    }

    /// Begins a wait, and names it.
    pub(super) fn begin_wait(&mut self) -> u64 {
        // No other has the name: those that were begun before, and are not ended, have smaller ones.
        let name = self.waits.last().map_or(0, |wait| wait.name + 1);
        self.waits.push(Wait { name, before: self.next, left: self.outstanding, failed: None });
        name
    }

    /// Whether a wait is over, and how.
    pub(super) fn look(&self, name: u64) -> Option<Result<(), WaitError>> {
        let wait = self.waits.iter().find(|wait| wait.name == name)?;
        (wait.left == 0).then(|| wait.failed.clone().map_or(Ok(()), Err))
    }

    /// Returns what it would have been told, to be dropped when no lock is held: an error in it is the user's.
    #[must_use]
    pub(super) fn end_wait(&mut self, name: u64) -> Option<WaitError> {
        let place = self.waits.iter().position(|wait| wait.name == name)?;
        self.waits.remove(place).failed
    }
}
