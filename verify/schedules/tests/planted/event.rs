//! The event, with faults in which threads it wakes.

use super::shipped;
use crate::fault::{Fault, planted};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

pub(crate) struct Event(shipped::Event);

pub(crate) enum EventListener<'e> {
    Listed(shipped::EventListener<'e>),
    /// Lists itself when it begins to wait.
    Unlisted(&'e Event),
}

impl Event {
    pub(crate) const fn new() -> Self {
        Self(shipped::Event::new())
    }

    pub(crate) fn listen(&self) -> EventListener<'_> {
        if planted() == Fault::LookBeforeListening {
            EventListener::Unlisted(self)
        } else {
            EventListener::Listed(self.0.listen())
        }
    }

    pub(crate) fn notify(&self, listeners: usize) {
        if planted() != Fault::NotifyNobody {
            self.0.notify(listeners);
        }
    }
}

fn listed(listener: EventListener) -> shipped::EventListener {
    match listener {
        EventListener::Listed(listener) => listener,
        EventListener::Unlisted(event) => event.0.listen(),
    }
}

pub(crate) fn wait(listener: EventListener) {
    shipped::wait(listed(listener));
}

pub(crate) fn wait_for(listener: EventListener, limit: Duration) {
    shipped::wait_for(listed(listener), limit);
}

impl Future for EventListener<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let EventListener::Unlisted(event) = *self {
            *self = EventListener::Listed(event.0.listen());
        }
        match &mut *self {
            EventListener::Listed(listener) => Pin::new(listener).poll(cx),
            EventListener::Unlisted(_) => Poll::Pending,
        }
    }
}
