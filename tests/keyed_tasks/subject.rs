//! A task that is polled by hand, and what its runs were given.

use super::by_hand::ByHand;
use super::support::at;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// A runtime whose clock reads one second.
pub fn runtime() -> ByHand {
    ByHand::new(at(1))
}

/// What a ticket would be told now.
pub fn told<T>(ticket: impl IntoFuture<Output = T>) -> Poll<T> {
    pin!(ticket.into_future()).poll(&mut Context::from_waker(Waker::noop()))
}

/// What the runs were given, in their order.
pub struct Seen<T>(Arc<Mutex<Vec<(&'static str, T)>>>);

impl<T> Seen<T> {
    pub fn new() -> Self {
        Self(Arc::default())
    }

    pub fn add(&self, key: &'static str, given: T) {
        self.0.lock().unwrap().push((key, given));
    }

    /// Those since the last time that somebody asked.
    pub fn take(&self) -> Vec<(&'static str, T)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl<T> Clone for Seen<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}
