//! Under `--cfg atomic_throttle_loom`: everything comes from loom, the event through `event_listener`'s
//! support for it.

pub(crate) use super::explored::AtomicU64;
#[cfg(feature = "std")]
pub(crate) use event_listener::Event;
/// It belongs to no lifetime here.
#[cfg(feature = "std")]
pub(crate) type EventListener<'e> = event_listener::EventListener;
pub(crate) use loom::sync::atomic::{Ordering, fence as raw_fence};

#[cfg(feature = "keyed")]
pub(crate) use super::parted::{RwLock, RwLockReadGuard, RwLockWriteGuard};
/// The bytes that such a lock allocates, which matter to no model.
#[cfg(feature = "keyed")]
pub(crate) const LOCK_BYTES: usize = 0;
#[cfg(feature = "std")]
pub(crate) use loom::sync::{Mutex, MutexGuard};
#[cfg(feature = "std")]
pub(crate) use loom::thread::{Builder as ThreadBuilder, JoinHandle};

/// Changes a number to which nobody else has access.
#[cfg(feature = "keyed")]
#[inline]
pub(crate) fn alone<T>(atomic: &mut AtomicU64, change: impl FnOnce(&mut u64) -> T) -> T {
    atomic.with_mut(change)
}

#[cfg(feature = "std")]
pub(crate) fn this_thread() -> u32 {
    loom::thread_local!(static NUMBER: u32 = super::next_thread());
    NUMBER.with(|number| *number)
}

/// Few: each is one more step of a run.
#[cfg(feature = "std")]
pub(crate) const STRIPES: usize = 2;

/// Not by the number of the thread, which goes on from one execution to the next: loom replays executions.
#[cfg(feature = "std")]
pub(crate) fn stripe() -> usize {
    let shown = std::format!("{:?}", loom::thread::current().id());
    shown.trim_matches(|c: char| !c.is_ascii_digit()).parse().expect("loom shows the number of a thread")
}

/// Whether this run of the thread looks for keys to evict: every second one. A look takes locks, and so orders what a
/// run without one does not.
#[cfg(feature = "keyed")]
pub(crate) fn looks() -> bool {
    loom::thread_local!(static LOOKED: core::cell::Cell<bool> = core::cell::Cell::new(true));
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
    event_listener::Listener::wait(listener);
}

/// Waits for a notification, without the limit: time does not pass by itself in a model, and a thread that
/// moves the clock notifies.
#[cfg(feature = "std")]
pub(crate) fn wait_for(listener: EventListener<'_>, _limit: core::time::Duration) {
    wait(listener);
}
