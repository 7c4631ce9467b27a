//! As much of the library's clock as waiting asks for.

use crate::sync::Event;
use crate::time::Timestamp;
use std::time::Duration;

pub trait Clock {
    fn now(&self) -> Timestamp;

    fn longest_wait(&self) -> Option<Duration> {
        None
    }

    fn moved(&self) -> Option<&Moved> {
        None
    }
}

pub struct Moved {
    event: Event,
}

impl Moved {
    pub(crate) fn event(&self) -> &Event {
        &self.event
    }
}

/// A clock that stands still.
pub struct Still(pub Timestamp);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        self.0
    }
}
