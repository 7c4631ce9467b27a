//! Under `--cfg atomic_throttle_loom`: everything comes from loom, the event through `event_listener`'s
//! support for it.

pub(crate) use super::explored::AtomicU64;
#[cfg(feature = "std")]
pub(crate) use event_listener::Event;
/// It belongs to no lifetime here.
#[cfg(feature = "std")]
pub(crate) type EventListener<'e> = event_listener::EventListener;
pub(crate) use loom::sync::atomic::{Ordering, fence as raw_fence};

#[cfg(feature = "std")]
pub(crate) use loom::sync::{Mutex, MutexGuard};
#[cfg(feature = "keyed")]
pub(crate) use loom::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};
#[cfg(feature = "std")]
pub(crate) use loom::thread::{Builder as ThreadBuilder, JoinHandle};

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

/// Every run: a model has few.
#[cfg(feature = "keyed")]
pub(crate) fn looks() -> bool {
    true
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
