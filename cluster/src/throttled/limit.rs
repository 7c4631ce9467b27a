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

#[cfg(all(test, not(atomic_throttle_shuttle)))]
mod tests {
    use super::*;
    use crate::register::Memory;
    use crate::throttled::keeper::Keeper;
    use crate::throttled::shared::Shared;
    use atomic_throttle::OnDrop;
    use std::sync::Arc;

    const HOUR: Duration = Duration::from_secs(60 * 60);

    #[test]
    fn a_wait_asks_at_its_beginning_and_a_second_before_its_end() {
        let mut long = Limit::new(HOUR);
        assert!(long.asks_for_a_try() && !long.asks_for_a_try());
        assert!(long.left() + PAUSE <= HOUR, "{:?}", long.left());
        let mut none = Limit::new(Duration::ZERO);
        assert!(none.has_passed() && none.asks_for_a_try() && !none.asks_for_a_try());
        // Both are due: the beginning, and the middle of a short wait.
        let mut short = Limit::new(Duration::from_millis(4));
        assert!(short.asks_for_a_try());
        std::thread::sleep(Duration::from_millis(2));
        assert!(short.asks_for_a_try() && !short.asks_for_a_try());
    }

    #[test]
    fn a_call_a_wait_and_an_end_ask_for_a_try() {
        let shared = Arc::new(Shared::new(Arc::new(Memory::new())));
        let asks = || {
            let asks = shared.is_asked_for_a_try();
            shared.begins_a_try();
            asks && !shared.is_asked_for_a_try()
        };
        assert!(!shared.is_asked_for_a_try());
        let epoch = shared.request().unwrap();
        assert!(asks(), "a call");
        assert!(shared.wait_for(epoch.as_u64() + 1, Duration::from_millis(1)).is_err());
        assert!(asks(), "a wait");
        let keeper = Keeper::new(Arc::clone(&shared), Duration::ZERO, OnDrop::Detach);
        assert!(keeper.end(Duration::ZERO).is_err());
        assert!(asks(), "an end");
    }
}
