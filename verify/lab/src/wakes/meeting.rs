//! Where one thread waits until others have come. It is what the rounds are made of, and no part of what is checked.

use std::hint;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

/// How often a host looks whether everything is to stop.
const LOOK: Duration = Duration::from_millis(100);

/// How often a host that spins gives its core to others.
const SPINS: usize = 64;

pub(super) struct Meeting {
    expected: usize,
    /// So many are there when the host is woken. It spins until the rest has come.
    wakes_at: usize,
    come: AtomicUsize,
    host: Mutex<Option<Thread>>,
}

impl Meeting {
    /// The host sleeps until all have come.
    pub(super) fn of(expected: usize) -> Self {
        Self { expected, wakes_at: expected, come: AtomicUsize::new(0), host: Mutex::new(None) }
    }

    /// The host is awake when the last one comes, so that it goes on at that moment.
    pub(super) fn awaiting_the_last(expected: usize) -> Self {
        Self { wakes_at: expected.saturating_sub(1), ..Self::of(expected) }
    }

    /// This thread is the host of the next meeting. Nobody comes before that.
    pub(super) fn host(&self) {
        *self.host.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread::current());
        self.come.store(0, Ordering::Relaxed);
    }

    pub(super) fn come(&self) {
        if self.come.fetch_add(1, Ordering::AcqRel) + 1 == self.wakes_at {
            if let Some(host) = &*self.host.lock().unwrap_or_else(PoisonError::into_inner) {
                host.unpark();
            }
        }
    }

    /// Waits until all have come and `is_ready`, or everything is to stop.
    pub(super) fn wait(&self, stop: &AtomicBool, is_ready: impl Fn() -> bool) {
        let missing =
            |expected| self.come.load(Ordering::Acquire) < expected && !stop.load(Ordering::Relaxed);
        while missing(self.wakes_at) {
            thread::park_timeout(LOOK);
        }
        spin_while(|| missing(self.expected));
        spin_while(|| !is_ready() && !stop.load(Ordering::Relaxed));
    }
}

/// Spins, and lets other threads run now and then.
pub(super) fn spin_while(go_on: impl Fn() -> bool) {
    let mut spins = 0;
    while go_on() {
        spins += 1;
        if spins % SPINS == 0 { thread::yield_now() } else { hint::spin_loop() }
    }
}
