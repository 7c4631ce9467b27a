//! Loom's `AtomicU64`, with all orders of its accesses explored.
//!
//! Loom finds the orders to explore by comparing an access with the latest one to the same location that
//! it depends on, and remembers only one. A load by a thread itself hides the load of another thread
//! before it, so for *load by A; load by B; compare-and-swap by B* loom does not try the
//! compare-and-swap before A's load: such a model ends after one execution. A retry loop is that shape.
//!
//! Here every access is announced by a store to a second location. Stores depend on each other, so loom
//! tries all their orders; nothing ever loads them, so they order no memory.

use loom::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug)]
pub(crate) struct AtomicWord {
    value: AtomicU64,
    announced: AtomicU64,
}

impl AtomicWord {
    pub(crate) fn new(value: u64) -> Self {
        Self { value: AtomicU64::new(value), announced: AtomicU64::new(0) }
    }

    pub(crate) fn load(&self, order: Ordering) -> u64 {
        self.announced.store(0, Ordering::Relaxed);
        self.value.load(order)
    }

    pub(crate) fn compare_exchange_weak(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        self.announced.store(0, Ordering::Relaxed);
        self.value.compare_exchange_weak(current, new, success, failure)
    }
}
