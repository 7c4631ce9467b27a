//! Under `--cfg atomic_throttle_shuttle`: at every atomic operation and every wait, shuttle may switch to
//! another thread.
//!
//! Shuttle is sequentially consistent: it ignores the orderings, its fence does nothing, and its weak
//! compare-and-swap never fails spuriously. So it shows nothing about those.

#[cfg(feature = "std")]
pub(crate) use super::scheduled::{Event, EventListener};
pub(crate) use shuttle::sync::atomic::{AtomicU64, Ordering, fence as raw_fence};

#[cfg(feature = "std")]
pub(crate) use shuttle::sync::{Mutex, MutexGuard};
#[cfg(feature = "keyed")]
pub(crate) use shuttle::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};
/// The bytes that such a lock allocates, which matter to no model.
#[cfg(feature = "keyed")]
pub(crate) const LOCK_BYTES: usize = 0;
#[cfg(feature = "std")]
pub(crate) use shuttle::thread::{Builder as ThreadBuilder, JoinHandle};

/// Changes a number to which nobody else has access.
#[cfg(feature = "keyed")]
#[inline]
pub(crate) fn alone<T>(atomic: &mut AtomicU64, change: impl FnOnce(&mut u64) -> T) -> T {
    change(atomic.get_mut())
}

/// The threads of a schedule share one system thread, so shuttle keeps the number.
#[cfg(feature = "std")]
pub(crate) fn this_thread() -> u32 {
    shuttle::thread_local!(static NUMBER: u32 = super::next_thread());
    NUMBER.with(|number| *number)
}

/// Few: each is one more step of a run.
#[cfg(feature = "std")]
pub(crate) const STRIPES: usize = 2;

/// Not by the number of the thread, which goes on from one schedule to the next: schedules are replayed.
#[cfg(feature = "std")]
pub(crate) fn stripe() -> usize {
    shuttle::thread::current().id().into()
}

/// Whether this run of the thread looks for keys to evict: every second one. A look takes locks, and so orders what a
/// run without one does not.
#[cfg(feature = "keyed")]
pub(crate) fn looks() -> bool {
    shuttle::thread_local!(static LOOKED: core::cell::Cell<bool> = core::cell::Cell::new(true));
    LOOKED.with(|looked| {
        looked.set(!looked.get());
        looked.get()
    })
}

/// Models do not fork.
#[cfg(feature = "std")]
pub(crate) fn is_main_thread() -> bool {
    false
}

/// Does nothing: there are no time-outs, see `wait_for`.
#[cfg(feature = "std")]
pub(crate) fn wake_on_time() {}

/// Waits for a notification.
#[cfg(feature = "std")]
pub(crate) fn wait(listener: EventListener<'_>) {
    listener.wait();
}

/// Waits for a notification, without the limit: time does not pass by itself in a schedule, and a thread that
/// moves the clock notifies.
#[cfg(feature = "std")]
pub(crate) fn wait_for(listener: EventListener<'_>, _limit: core::time::Duration) {
    wait(listener);
}
