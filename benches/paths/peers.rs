//! The peers: what one would write, or take, instead. Each is as fast as its promises allow.

use governor::clock::MonotonicClock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A leading edge under a mutex that is held during the run.
///
/// Promises spacing, exclusion and visibility. No trailing edge: a refused call is forgotten.
pub struct Leading {
    threshold: Duration,
    last: Mutex<Option<Instant>>,
}

impl Leading {
    pub fn new(threshold: Duration) -> Self {
        Self { threshold, last: Mutex::new(None) }
    }

    pub fn try_run<T>(&self, f: impl FnOnce() -> T) -> Option<T> {
        // Outside of the lock, which keeps it short. A reading that is older than `last` counts as
        // closed.
        let now = Instant::now();
        let mut last = lock(&self.last);
        if last.is_some_and(|last| now.saturating_duration_since(last) < self.threshold) {
            return None;
        }
        *last = Some(now);
        Some(f())
    }
}

/// Both edges under a mutex that is free during the run, so that calls can coalesce meanwhile.
///
/// Promises spacing, exclusion, visibility and the trailing edge: what `Throttle::run` does.
pub struct BothEdges {
    threshold: Duration,
    state: Mutex<Both>,
    wake: Condvar,
}

#[derive(Default)]
struct Both {
    last: Option<Instant>,
    running: bool,
    pending: bool,
}

impl BothEdges {
    pub fn new(threshold: Duration) -> Self {
        Self { threshold, state: Mutex::default(), wake: Condvar::new() }
    }

    /// Makes the calling thread the owner of a deferral that nobody performs.
    pub fn defer(&self) {
        lock(&self.state).pending = true;
    }

    /// Whether the call ran. The wait of an owner is left out: no row comes that far.
    pub fn run(&self, f: impl FnOnce()) -> bool {
        let mut state = lock(&self.state);
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
        drop(state);
        f();
        let mut state = lock(&self.state);
        state.running = false;
        if state.pending {
            self.wake.notify_all();
        }
        true
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// governor on the clock of `Instant`: lock-free, ordered across cores.
///
/// Promises spacing. It decides only: no exclusion, no trailing edge, no visibility.
pub type GovernorStd = RateLimiter<NotKeyed, InMemoryState, MonotonicClock, NoOpMiddleware<Instant>>;

/// governor as it comes, on the processor's time stamp counter: the same promises, but for the order of
/// readings across cores.
pub type GovernorQuanta = DefaultDirectRateLimiter;

pub fn governor_std(quota: Quota) -> GovernorStd {
    RateLimiter::direct_with_clock(quota, MonotonicClock)
}

pub fn governor_quanta(quota: Quota) -> GovernorQuanta {
    RateLimiter::direct(quota)
}
