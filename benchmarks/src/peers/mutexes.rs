//! A throttle under a mutex, written fairly: no more is done under the lock than has to be.

use super::lock::{Lock, Wake};
use crate::promises::Promises;
use std::time::{Duration, Instant};

/// A leading edge under a mutex that is held during the run. A refused call is forgotten.
pub struct Leading<M = std::sync::Mutex<Option<Instant>>> {
    threshold: Duration,
    last: M,
}

impl<M: Lock<Option<Instant>>> Leading<M> {
    pub const PROMISES: Promises = Promises::LEADING;

    pub fn new(threshold: Duration) -> Self {
        Self { threshold, last: M::new(None) }
    }

    #[inline]
    pub fn try_run<T>(&self, f: impl FnOnce() -> T) -> Option<T> {
        // Outside of the lock, which keeps it short. A reading that is older than `last` counts as
        // closed.
        let now = Instant::now();
        self.last.hold(|last| {
            if last.is_some_and(|last| now.saturating_duration_since(last) < self.threshold) {
                return None;
            }
            *last = Some(now);
            Some(f())
        })
    }
}

/// What is under the lock of [`BothEdges`].
#[derive(Default)]
pub struct Both {
    last: Option<Instant>,
    running: bool,
    pending: bool,
}

/// Both edges under a mutex that is free during the run, so that calls can coalesce meanwhile: what
/// `Throttle::run` does.
pub struct BothEdges<M: Lock<Both> = std::sync::Mutex<Both>> {
    threshold: Duration,
    state: M,
    wake: M::Condvar,
}

impl<M: Lock<Both>> BothEdges<M> {
    pub const PROMISES: Promises = Promises::ALL;

    pub fn new(threshold: Duration) -> Self {
        Self { threshold, state: M::new(Both::default()), wake: M::Condvar::default() }
    }

    /// Makes the calling thread the owner of a deferral that nobody performs.
    pub fn defer(&self) {
        self.state.hold(|state| state.pending = true);
    }

    /// Whether the call ran. The wait of an owner is left out: no row comes that far.
    #[inline]
    pub fn run(&self, f: impl FnOnce()) -> bool {
        let starts = self.state.hold(|state| {
            if state.pending {
                return false;
            }
            // Inside the lock: a coalesced call needs no clock, and to unlock for it would cost more.
            let now = Instant::now();
            let open = state.last.is_none_or(|last| now.saturating_duration_since(last) >= self.threshold);
            if state.running || !open {
                return false;
            }
            state.last = Some(now);
            state.running = true;
            true
        });
        if starts {
            f();
            let owner_waits = self.state.hold(|state| {
                state.running = false;
                state.pending
            });
            if owner_waits {
                self.wake.notify_all();
            }
        }
        starts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Longer than any test.
    const HOUR: Duration = Duration::from_secs(3600);

    fn keep_what_they_promise<L: Lock<Option<Instant>>, B: Lock<Both>>() {
        let leading = Leading::<L>::new(HOUR);
        assert_eq!((leading.try_run(|| 1), leading.try_run(|| 2)), (Some(1), None));
        let both = BothEdges::<B>::new(HOUR);
        assert!(both.run(|| assert!(!both.run(|| ()), "a call inside a run does not overlap it")));
        assert!(!both.run(|| ()), "the window is closed");
        let without_window = BothEdges::<B>::new(Duration::ZERO);
        assert!(without_window.run(|| ()) && without_window.run(|| ()));
        without_window.defer();
        assert!(!without_window.run(|| ()), "a run is pending");
    }

    #[test]
    fn both_mutexes_keep_what_they_promise() {
        keep_what_they_promise::<std::sync::Mutex<_>, std::sync::Mutex<_>>();
        keep_what_they_promise::<parking_lot::Mutex<_>, parking_lot::Mutex<_>>();
    }
}
