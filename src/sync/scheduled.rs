//! The blocking event for shuttle. That of `event_listener` would block the one thread of the system that
//! all threads of a schedule share.
//!
//! It keeps what `wait` relies on: a listener hears every notification that comes after `listen`, also one
//! before `wait`, and none that came earlier. The library always notifies all, so it can do only that. To
//! drop a listener that has heard one wakes nobody else, as it may with `event_listener`: that would make
//! up for a lost wake-up.

use shuttle::sync::{Condvar, Mutex, MutexGuard};
use std::sync::PoisonError;

pub(crate) struct Event {
    /// How many notifications there were.
    notifications: Mutex<u64>,
    notified: Condvar,
}

/// Hears the notifications that come after the first `heard`.
pub(crate) struct EventListener<'e> {
    event: &'e Event,
    heard: u64,
}

impl Event {
    pub(crate) const fn new() -> Self {
        Self { notifications: Mutex::new(0), notified: Condvar::new() }
    }

    pub(crate) fn listen(&self) -> EventListener<'_> {
        EventListener { event: self, heard: *self.notifications() }
    }

    pub(crate) fn notify(&self, listeners: usize) {
        assert_eq!(listeners, usize::MAX, "it can only notify all");
        *self.notifications() += 1;
        self.notified.notify_all();
    }

    /// Poisoning says nothing here: all threads count as panicking while one of them unwinds, and a
    /// number cannot be left half-written.
    fn notifications(&self) -> MutexGuard<'_, u64> {
        self.notifications.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventListener<'_> {
    pub(crate) fn wait(self) {
        let mut notifications = self.event.notifications();
        while *notifications == self.heard {
            notifications = self.event.notified.wait(notifications).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
