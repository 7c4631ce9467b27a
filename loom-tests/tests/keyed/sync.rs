//! The library's `sync`, with a fault in how keys are counted. Loom and shuttle use it.

#[path = "../../../src/sync/mod.rs"]
#[allow(dead_code, unused_imports)]
mod shipped;

pub(crate) use shipped::{Event, Ordering, RwLock, const_unless_loom, read, try_write, write};

use crate::fault::{Fault, is_planted};

#[derive(Debug)]
pub(crate) struct AtomicU64(shipped::AtomicU64);

impl AtomicU64 {
    const_unless_loom! {
        pub(crate) const fn new(value: u64) -> Self {
            Self(shipped::AtomicU64::new(value))
        }
    }

    pub(crate) fn load(&self, order: Ordering) -> u64 {
        self.0.load(order)
    }

    pub(crate) fn store(&self, value: u64, order: Ordering) {
        self.0.store(value, order);
    }

    pub(crate) fn fetch_add(&self, value: u64, order: Ordering) -> u64 {
        self.0.fetch_add(value, order)
    }

    pub(crate) fn fetch_update(
        &self,
        success: Ordering,
        failure: Ordering,
        update: impl Fn(u64) -> Option<u64>,
    ) -> Result<u64, u64> {
        if is_planted(Fault::LoadThenStore) {
            let before = self.load(failure);
            self.store(update(before).ok_or(before)?, success);
            return Ok(before);
        }
        self.0.fetch_update(success, failure, update)
    }
}
