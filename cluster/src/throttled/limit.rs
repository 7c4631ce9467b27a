//! [`Limit`]: the end of a wait, and when the wait asks for a register that does not answer to be tried.

use super::retry::PAUSE;
use crate::sync;
use atomic_throttle::Timestamp;
use core::time::Duration;

/// The limit of one wait.
pub(super) struct Limit {
    end: Timestamp,
    /// When the wait asks for the next try.
    asks_at: Option<Timestamp>,
    /// When it asks for the last one.
    last: Timestamp,
}

impl Limit {
    /// The wait begins now.
    pub(super) fn new(limit: Duration) -> Self {
        let now = sync::now();
        let end = now.saturating_add(limit);
        Self { end, asks_at: Some(now), last: end.saturating_sub(PAUSE.min(limit / 2)) }
    }

    pub(super) fn has_passed(&self) -> bool {
        sync::now() >= self.end
    }

    /// Whether it is time to ask: once at the beginning of the wait, and once before its end.
    pub(super) fn asks_for_a_try(&mut self) -> bool {
        let now = sync::now();
        if self.asks_at.is_none_or(|at| now < at) {
            return false;
        }
        self.asks_at = (now < self.last).then_some(self.last);
        true
    }

    /// How long to wait until there is something to do.
    pub(super) fn left(&self) -> Duration {
        self.asks_at.unwrap_or(self.end).min(self.end).saturating_since(sync::now())
    }
}
