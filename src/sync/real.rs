//! What the library runs on.

#[cfg(feature = "std")]
pub(crate) use core::sync::atomic::AtomicU32;
pub(crate) use core::sync::atomic::{AtomicU64, Ordering, fence};

/// The atomic that the retry loop moves.
pub(crate) use core::sync::atomic::AtomicU64 as AtomicWord;

#[cfg(feature = "std")]
pub(crate) use event_listener::{Event, EventListener};

#[cfg(feature = "std")]
pub(crate) use std::sync::{Mutex, MutexGuard};
#[cfg(feature = "keyed")]
pub(crate) use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};
#[cfg(feature = "std")]
pub(crate) use std::thread::{Builder as ThreadBuilder, JoinHandle};

/// The number of this thread. Never 0.
#[cfg(feature = "std")]
#[inline]
pub(crate) fn this_thread() -> u32 {
    use core::cell::Cell;
    // It needs no drop, so it can be read while the thread is torn down.
    std::thread_local!(static NUMBER: Cell<u32> = const { Cell::new(0) });
    NUMBER.with(|number| {
        if number.get() == 0 {
            number.set(super::next_thread());
        }
        number.get()
    })
}

/// Waits for a notification.
#[cfg(feature = "std")]
pub(crate) fn wait(listener: EventListener) {
    event_listener::Listener::wait(listener);
}

/// Waits for a notification, at most for `limit`.
#[cfg(feature = "std")]
pub(crate) fn wait_for(listener: EventListener, limit: core::time::Duration) {
    use event_listener::Listener;
    // `None` is a time-out; every caller looks at the state again in either case.
    let _ = listener.wait_timeout(limit);
}
