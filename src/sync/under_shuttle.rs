//! Under `--cfg atomic_throttle_shuttle`: every atomic operation and every wait is a point at which
//! shuttle may go on with another thread.
//!
//! Shuttle is sequentially consistent: it ignores the orderings, its fence does nothing, and its weak
//! compare-and-swap never fails without a reason. So it shows nothing about those.

#[cfg(feature = "std")]
pub(crate) use super::scheduled::{Event, EventListener};
#[cfg(feature = "std")]
pub(crate) use shuttle::sync::atomic::AtomicU32;
pub(crate) use shuttle::sync::atomic::{AtomicU64, Ordering, fence};

/// The atomic that the retry loop moves.
pub(crate) use shuttle::sync::atomic::AtomicU64 as AtomicWord;

#[cfg(feature = "std")]
pub(crate) use shuttle::sync::{Mutex, MutexGuard};
#[cfg(feature = "keyed")]
pub(crate) use shuttle::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};
#[cfg(feature = "std")]
pub(crate) use shuttle::thread::{Builder as ThreadBuilder, JoinHandle};

/// The threads of a schedule share one thread of the system, so the number is shuttle's to keep.
#[cfg(feature = "std")]
pub(crate) fn this_thread() -> u32 {
    shuttle::thread_local!(static NUMBER: u32 = super::next_thread());
    NUMBER.with(|number| *number)
}

/// Time-outs are left out; see `wait_for`.
#[cfg(feature = "std")]
pub(crate) fn wake_on_time() {}

/// Waits for a notification.
#[cfg(feature = "std")]
pub(crate) fn wait(listener: EventListener) {
    listener.wait();
}

/// Time does not pass by itself in a schedule: whoever moves the clock notifies, so the limit is left
/// out.
#[cfg(feature = "std")]
pub(crate) fn wait_for(listener: EventListener, _limit: core::time::Duration) {
    wait(listener);
}
