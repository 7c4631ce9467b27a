//! [`Paced`]: what calls and the engine tell each other of the pace, and what there is to be looked at.

use crate::clock::Clock;
use crate::front::owner::AnyClock;
use crate::front::pace::{Hold, Pace};
use crate::sync::{AtomicU32, AtomicU64, Ordering};
use crate::time::Timestamp;

pub(super) struct Paced {
    /// Whether each call tells the time. Every call reads it.
    pub(super) is_debounced: bool,
    /// So many calls, or values that they brought, end a delay or a quiet time.
    pub(super) enough: u64,
    pub(super) pace: Pace,
    /// The time of the latest call, where each tells it.
    latest_call: AtomicU64,
    /// Until when the pending run is held beside its window, and how many runs in a row have failed: to be looked at.
    held_until: AtomicU64,
    pub(super) failures: AtomicU32,
    pub(super) runs: AtomicU64,
    pub(super) panics: AtomicU64,
}

impl Paced {
    pub(super) fn new(pace: Pace, enough: u64) -> Self {
        Self {
            is_debounced: pace.needs_each_call(),
            enough,
            pace,
            latest_call: AtomicU64::new(0),
            held_until: AtomicU64::new(0),
            failures: AtomicU32::new(0),
            runs: AtomicU64::new(0),
            panics: AtomicU64::new(0),
        }
    }

    /// Tells the time of this call, if the pace is by it. Before the call is decided: the clock may panic.
    #[inline]
    pub(super) fn tell_call(&self, clock: &AnyClock) {
        if self.is_debounced {
            self.tell_time(clock);
        }
    }

    #[cold]
    pub(super) fn tell_time(&self, clock: &AnyClock) {
        let now = clock.now().as_nanos();
        // The latest of all threads.
        let later = |latest| (now > latest).then_some(now);
        // ORDERING: Relaxed. A run that starts while a call is made may start as if before it.
        let _ = self.latest_call.fetch_update(Ordering::Relaxed, Ordering::Relaxed, later);
    }

    pub(super) fn latest_call(&self) -> Timestamp {
        // ORDERING: Relaxed; see `tell_time`.
        Timestamp::from_nanos(self.latest_call.load(Ordering::Relaxed))
    }

    /// Shows until when the pending run is held beside its window.
    pub(super) fn show_held(&self, until: Timestamp) {
        // ORDERING: Relaxed. To be looked at; it is written under the lock of what holds the run.
        self.held_until.store(until.as_nanos(), Ordering::Relaxed);
    }

    pub(super) fn held_until(&self) -> Timestamp {
        // ORDERING: Relaxed; see `show_held`.
        Timestamp::from_nanos(self.held_until.load(Ordering::Relaxed))
    }

    /// Nothing holds the pending run any more, and the row of failures is over.
    pub(super) fn let_go(&self, hold: &mut Hold) {
        *hold = Hold::default();
        self.show_held(Timestamp::ZERO);
        // ORDERING: Relaxed. To be looked at; it is written under the lock of what holds the run.
        self.failures.store(0, Ordering::Relaxed);
    }
}
