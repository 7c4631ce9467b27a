//! The library's `sync`, with a fault in how calls are counted, and with notifications that a thread of the
//! model leaves out.

#[path = "../../../src/sync/mod.rs"]
#[allow(dead_code, unused_imports)]
mod shipped;

pub(crate) use shipped::{
    AtomicU32, AtomicWord, EventListener, Forked, JoinHandle, Mutex, Ordering, Process, RwLock,
    ThreadBuilder, const_unless_loom, fence, lock, read, read_unless, this_thread, try_write, wait, wait_for,
    wake_on_time, write,
};

use crate::fault::{Fault, is_planted};
use std::cell::Cell;

// Whether this thread of the model leaves out its next notification.
loom::thread_local!(static LEAVES_OUT_NOTIFICATION: Cell<bool> = Cell::new(false));

/// This thread's next notification that another one waits for wakes nobody.
pub fn leave_out_notification() {
    LEAVES_OUT_NOTIFICATION.with(|left| left.set(true));
}

#[derive(Debug)]
pub(crate) struct Event(shipped::Event);

impl Event {
    pub(crate) fn new() -> Self {
        Self(shipped::Event::new())
    }

    pub(crate) fn notify(&self, most: usize) {
        if !LEAVES_OUT_NOTIFICATION.with(|left| left.replace(false)) {
            self.0.notify(most);
        }
    }

    pub(crate) fn listen(&self) -> EventListener {
        self.0.listen()
    }
}

#[derive(Debug)]
pub(crate) struct AtomicU64(shipped::AtomicU64);

impl AtomicU64 {
    pub(crate) fn new(value: u64) -> Self {
        Self(shipped::AtomicU64::new(value))
    }

    pub(crate) fn load(&self, order: Ordering) -> u64 {
        self.0.load(order)
    }

    pub(crate) fn store(&self, value: u64, order: Ordering) {
        self.0.store(value, order);
    }

    pub(crate) fn swap(&self, value: u64, order: Ordering) -> u64 {
        self.0.swap(value, order)
    }

    pub(crate) fn fetch_add(&self, value: u64, order: Ordering) -> u64 {
        if is_planted(Fault::LoadThenStore) {
            let before = self.load(order);
            self.store(before.wrapping_add(value), order);
            return before;
        }
        self.0.fetch_add(value, order)
    }

    pub(crate) fn fetch_update(
        &self,
        success: Ordering,
        failure: Ordering,
        update: impl Fn(u64) -> Option<u64>,
    ) -> Result<u64, u64> {
        self.0.fetch_update(success, failure, update)
    }
}
