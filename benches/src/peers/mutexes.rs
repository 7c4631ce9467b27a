//! A throttle under a mutex, written fairly: it does no more under the lock than it must.

use super::lock::{Lock, Look, Wake};
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
        // The clock is read outside of the lock, which keeps the lock short. A reading that is older than
        // `last` counts as closed.
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

/// A threshold that is longer than any run.
const LONG: Duration = Duration::from_secs(3600);

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

    /// Whether the call ran. It leaves out the wait of an owner: no row comes that far.
    #[inline]
    pub fn run(&self, f: impl FnOnce()) -> bool {
        let starts = self.state.hold(|state| {
            if state.pending {
                return false;
            }
            // It coalesces inside the lock: a coalesced call needs no clock, and unlocking to read one would
            // cost more.
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
            self.perform(f);
        }
        starts
    }

    /// Does what `run` does; besides, a call that may not run yet becomes the owner of a deferral and waits for
    /// its turn, unless there already is an owner.
    #[inline]
    pub fn run_or_wait(&self, f: impl FnOnce()) -> bool {
        let mut owns = false;
        let starts = self.state.hold_until(&self.wake, |state| {
            if state.pending && !owns {
                return Look::Done(false);
            }
            let now = Instant::now();
            let gone = state.last.map(|last| now.saturating_duration_since(last));
            let left = gone.map_or(Duration::ZERO, |gone| self.threshold.saturating_sub(gone));
            if state.running || !left.is_zero() {
                (state.pending, owns) = (true, true);
                // The end of a run wakes the owner.
                return Look::Wait(if left.is_zero() { LONG } else { left });
            }
            *state = Both { last: Some(now), running: true, pending: false };
            Look::Done(true)
        });
        if starts {
            self.perform(f);
        }
        starts
    }

    #[inline]
    fn perform(&self, f: impl FnOnce()) {
        f();
        let owner_waits = self.state.hold(|state| {
            state.running = false;
            state.pending
        });
        if owner_waits {
            self.wake.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A threshold that is longer than any test.
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
        assert!(!without_window.run_or_wait(|| ()), "a run is pending");
    }

    fn owners_wait<B: Lock<Both> + Send + Sync>()
    where
        B::Condvar: Sync,
    {
        let both = BothEdges::<B>::new(HOUR);
        assert!(both.run_or_wait(|| ()), "the first call runs at once");
        // The window ends, and the call that owns the deferral performs it.
        let short = BothEdges::<B>::new(Duration::from_millis(1));
        assert!(short.run_or_wait(|| ()) && short.run_or_wait(|| ()));
        assert!(short.state.hold(|state| !state.pending && !state.running));

        // A call during a run owns the deferral, and the end of that run wakes it.
        let busy = &BothEdges::<B>::new(Duration::ZERO);
        std::thread::scope(|scope| {
            assert!(busy.run_or_wait(|| {
                scope.spawn(|| assert!(busy.run_or_wait(|| ()), "the owner runs"));
                while !busy.state.hold(|state| state.pending) {
                    std::thread::yield_now();
                }
                assert!(!busy.run_or_wait(|| ()), "there is an owner");
            }));
        });
    }

    #[test]
    fn owners_of_both_mutexes_wait_and_run() {
        owners_wait::<std::sync::Mutex<_>>();
        owners_wait::<parking_lot::Mutex<_>>();
    }

    #[test]
    fn both_mutexes_keep_what_they_promise() {
        keep_what_they_promise::<std::sync::Mutex<_>, std::sync::Mutex<_>>();
        keep_what_they_promise::<parking_lot::Mutex<_>, parking_lot::Mutex<_>>();
    }
}
