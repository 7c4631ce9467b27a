//! The primitives of the standard library, and the monotonic clock.

use atomic_throttle::{Clock, Monotonic, Timestamp};
use core::time::Duration;
use std::sync::PoisonError;

pub(crate) use rand::rng;
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};
pub(crate) use std::thread::{
    Builder as ThreadBuilder, Thread, current as current_thread, park, park_timeout,
};

pub(crate) fn now() -> Timestamp {
    Monotonic.now()
}

/// Waits for a change, at most for `limit`. It may return earlier.
pub(crate) fn wait_for<'g, T>(
    changed: &Condvar,
    guard: MutexGuard<'g, T>,
    limit: Duration,
) -> MutexGuard<'g, T> {
    changed.wait_timeout(guard, limit).unwrap_or_else(PoisonError::into_inner).0
}
