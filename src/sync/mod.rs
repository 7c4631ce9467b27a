//! The one importer of atomics, fences, thread identity and the blocking event, and the one place that
//! knows of loom.
//!
//! A model checker must control each of these, so no other module names `core::sync::atomic`,
//! `std::thread` or `event_listener`. Under `--cfg atomic_throttle_loom` they are loom's.

#[cfg(atomic_throttle_loom)]
mod explored;

#[cfg(not(atomic_throttle_loom))]
mod real {
    #[cfg(feature = "std")]
    pub(crate) use core::sync::atomic::AtomicU32;
    pub(crate) use core::sync::atomic::{AtomicU64, Ordering, fence};

    /// The atomic that the retry loop moves.
    pub(crate) use core::sync::atomic::AtomicU64 as AtomicWord;

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

    /// Waits for a notification, at most for `limit`.
    #[cfg(feature = "std")]
    pub(crate) fn wait_for(listener: event_listener::EventListener, limit: core::time::Duration) {
        use event_listener::Listener;
        // `None` is a time-out; every caller looks at the state again in either case.
        let _ = listener.wait_timeout(limit);
    }
}

#[cfg(atomic_throttle_loom)]
mod real {
    pub(crate) use super::explored::AtomicWord;
    #[cfg(feature = "std")]
    pub(crate) use loom::sync::atomic::AtomicU32;
    pub(crate) use loom::sync::atomic::{AtomicU64, Ordering, fence};

    #[cfg(feature = "std")]
    pub(crate) fn this_thread() -> u32 {
        loom::thread_local!(static NUMBER: u32 = super::next_thread());
        NUMBER.with(|number| *number)
    }

    /// Time does not pass by itself in a model: whoever moves the clock notifies, so the limit is left
    /// out.
    #[cfg(feature = "std")]
    pub(crate) fn wait_for(listener: event_listener::EventListener, _limit: core::time::Duration) {
        super::wait(listener);
    }
}

pub(crate) use real::*;

/// A number that no thread has. It comes again after 2^32 threads, so two living threads share one only if
/// that many were started between them.
#[cfg(feature = "std")]
#[cold]
fn next_thread() -> u32 {
    use core::sync::atomic::{AtomicU32, Ordering};
    static LAST: AtomicU32 = AtomicU32::new(0);
    loop {
        // ORDERING: Relaxed. The read-modify-write alone makes the number this thread's own.
        let number = LAST.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        if number != 0 {
            return number;
        }
    }
}

#[cfg(feature = "std")]
pub(crate) use event_listener::{Event, EventListener};

/// Waits for a notification.
#[cfg(feature = "std")]
pub(crate) fn wait(listener: EventListener) {
    event_listener::Listener::wait(listener);
}

/// Defines a function that is `const`, except under loom, whose atomics cannot be built in a constant.
macro_rules! const_unless_loom {
    ($(#[$meta:meta])* $visibility:vis const fn $($rest:tt)*) => {
        #[cfg(not(atomic_throttle_loom))]
        $(#[$meta])*
        $visibility const fn $($rest)*

        #[cfg(atomic_throttle_loom)]
        $(#[$meta])*
        $visibility fn $($rest)*
    };
}
pub(crate) use const_unless_loom;
