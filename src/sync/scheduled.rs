//! The blocking event for shuttle. The one of `event_listener` would block the one system thread that all
//! threads of a schedule share.
//!
//! It keeps what `wait` relies on: a listener hears every notification that comes after `listen`, also one
//! before `wait`, and none that came earlier. It can only notify all, because the library never does anything
//! else. With `event_listener`, dropping a notified listener may wake another one; here it does not, since
//! that would compensate for a lost wake-up.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use shuttle::sync::{Condvar, Mutex, MutexGuard};
use std::sync::PoisonError;
use std::vec::Vec;

pub(crate) struct Event {
    notifications: Mutex<Notifications>,
    notified: Condvar,
}

struct Notifications {
    /// How many there have been.
    count: u64,
    /// Of the futures that wait for the next notification.
    wakers: Vec<Waker>,
}

/// Hears the notifications that come after the first `heard`.
pub(crate) struct EventListener<'e> {
    event: &'e Event,
    heard: u64,
}

impl Event {
    pub(crate) const fn new() -> Self {
        let notifications = Notifications { count: 0, wakers: Vec::new() };
        Self { notifications: Mutex::new(notifications), notified: Condvar::new() }
    }

    pub(crate) fn listen(&self) -> EventListener<'_> {
        EventListener { event: self, heard: self.notifications().count }
    }

    pub(crate) fn notify(&self, listeners: usize) {
        assert_eq!(listeners, usize::MAX, "it can only notify all");
        let wakers = {
            let mut notifications = self.notifications();
            notifications.count += 1;
            core::mem::take(&mut notifications.wakers)
        };
        self.notified.notify_all();
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Ignores poisoning: all threads count as panicking while one of them unwinds, and guarded data is never
    /// left half-written.
    fn notifications(&self) -> MutexGuard<'_, Notifications> {
        self.notifications.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventListener<'_> {
    pub(crate) fn wait(self) {
        let mut notifications = self.event.notifications();
        while notifications.count == self.heard {
            notifications = self.event.notified.wait(notifications).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Future for EventListener<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut notifications = self.event.notifications();
        if notifications.count != self.heard {
            return Poll::Ready(());
        }
        notifications.wakers.push(cx.waker().clone());
        Poll::Pending
    }
}
