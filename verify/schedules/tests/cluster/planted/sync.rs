//! The cluster's `sync`, for its sources that are built a second time.

#[path = "../../../../../cluster/src/sync/mod.rs"]
#[allow(dead_code, unused_imports)]
mod shipped;

pub(crate) use shipped::{
    Mutex, MutexGuard, Thread, ThreadBuilder, current_thread, lock, now, park_timeout, rng,
};

use crate::fault::{Fault, planted};
use std::time::Duration;

pub(crate) struct Condvar(shipped::Condvar);

impl Condvar {
    pub(crate) const fn new() -> Self {
        Self(shipped::Condvar::new())
    }

    pub(crate) fn notify_all(&self) {
        match planted() {
            Fault::TellsNobody => {}
            Fault::TellsOne => self.0.notify_one(),
            _ => self.0.notify_all(),
        }
    }
}

pub(crate) fn wait_for<'g, T>(
    changed: &Condvar,
    guard: MutexGuard<'g, T>,
    limit: Duration,
) -> MutexGuard<'g, T> {
    shipped::wait_for(&changed.0, guard, limit)
}

pub(crate) fn park() {
    if planted() == Fault::WokenTooSoon {
        // Takes the token.
        current_thread().unpark();
        shipped::park();
    }
    shipped::park();
}
