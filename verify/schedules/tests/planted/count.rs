//! The count of waiting threads, with faults in how it is kept and read.

use super::Ordering;
use super::shipped;
use crate::fault::{Fault, planted};
use std::cell::Cell;

shuttle::thread_local!(static UNTOLD: Cell<bool> = Cell::new(false));

/// Sets whether this thread finds no waiting thread when it next looks for some.
pub(super) fn leave_untold(untold: bool) {
    UNTOLD.with(|cell| cell.set(untold));
}

pub(crate) struct AtomicU32(shipped::AtomicU32);

impl AtomicU32 {
    pub(crate) const fn new(value: u32) -> Self {
        Self(shipped::AtomicU32::new(value))
    }

    pub(crate) fn load(&self, order: Ordering) -> u32 {
        let value = self.0.load(order);
        if UNTOLD.with(|cell| cell.replace(false)) { 0 } else { value }
    }

    pub(crate) fn store(&self, value: u32, order: Ordering) {
        self.0.store(value, order);
    }

    pub(crate) fn fetch_add(&self, value: u32, order: Ordering) -> u32 {
        self.0.fetch_add(if planted() == Fault::Uncounted { 0 } else { value }, order)
    }

    pub(crate) fn fetch_sub(&self, value: u32, order: Ordering) -> u32 {
        self.0.fetch_sub(if planted() == Fault::Uncounted { 0 } else { value }, order)
    }
}
