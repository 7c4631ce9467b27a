//! The real environment: the primitives that the library runs on.

pub(crate) use core::sync::atomic::{AtomicU64, Ordering, fence as raw_fence};

#[cfg(feature = "std")]
pub(crate) use event_listener::Event;
/// It belongs to no lifetime here.
#[cfg(feature = "std")]
pub(crate) type EventListener<'e> = event_listener::EventListener;

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
    // It needs no drop, so it can be read even while the thread is torn down.
    std::thread_local!(static NUMBER: Cell<u32> = const { Cell::new(0) });
    NUMBER.with(|number| {
        if number.get() == 0 {
            number.set(super::next_thread());
        }
        number.get()
    })
}

/// How many numbers a count has where different threads use different ones.
#[cfg(feature = "std")]
pub(crate) const STRIPES: usize = 8;

/// Which of them this thread uses, if there are as many.
#[cfg(feature = "std")]
#[inline]
pub(crate) fn stripe() -> usize {
    // The numbers of threads that started one after the other differ in the last bits.
    this_thread() as usize
}

/// Whether this is surely the first thread of its process: in a forked child, the thread that forked.
#[cfg(feature = "std")]
pub(crate) fn is_main_thread() -> bool {
    #[cfg(any(target_os = "android", target_os = "linux"))]
    return u32::try_from(rustix::thread::gettid().as_raw_nonzero().get()) == Ok(std::process::id());
    #[cfg(not(any(target_os = "android", target_os = "linux")))]
    return false;
}

/// Makes the timed waits of this thread end when they are due. By default Linux ends them up to 50 us later,
/// to combine the wake-ups of several threads (prctl(2), `PR_SET_TIMERSLACK`).
#[cfg(feature = "std")]
pub(crate) fn wake_on_time() {
    // If it is not allowed, waits are as late as those of any other thread.
    #[cfg(any(target_os = "android", target_os = "linux"))]
    let _ = rustix::thread::set_current_timer_slack(core::num::NonZeroU64::new(1));
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
    // `None` is a time-out. Every caller looks at the state again in either case.
    let _ = listener.wait_timeout(limit);
}
