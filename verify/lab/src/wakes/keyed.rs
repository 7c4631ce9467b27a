//! A [`KeyedThrottled`]: its thread owns the deferrals of all keys, and the waiters of a round wait for one of them.

use super::station::{DAY, Held, Platform, Release, Station, unlike};
use super::{Begin, OWNER};
use atomic_throttle::{KeyedThrottled, Pending, WaitError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// They take turns.
const KEYS: u64 = 4;

pub(super) struct Keyed {
    throttle: KeyedThrottled<u64>,
    held: Arc<Held>,
    /// That of the round.
    key: AtomicU64,
}

impl Keyed {
    pub(super) fn new(waiters: usize, stop: &Arc<AtomicBool>, begin: &Begin) -> Result<Self, String> {
        let held = Arc::new(Held::new(Platform::new(waiters, waiters, stop)));
        let (of_run, mut begin) = (Arc::clone(&held), Some(Arc::clone(begin)));
        let perform = move |_: &u64| {
            if let Some(begin) = begin.take() {
                begin();
            }
            of_run.perform();
        };
        let throttle = KeyedThrottled::builder(DAY)
            .name(OWNER)
            .pending_on_drop(Pending::Discard)
            .spawn(perform)
            .map_err(|why| why.to_string())?;
        Ok(Self { throttle, held, key: AtomicU64::new(0) })
    }

    /// The window of the key begins now: one that lies idle after its window may be forgotten.
    fn begin_window(&self, key: u64) -> Result<(), WaitError> {
        let Ok(ticket) = self.throttle.trigger(&key) else { return Err(WaitError::Cancelled) };
        // It runs at once if the key is new, or its window is over.
        let _ = self.throttle.flush(&key);
        ticket.wait()
    }
}

impl Station for Keyed {
    fn name(&self) -> &'static str {
        "KeyedThrottled"
    }

    fn wait(&self, round: u64, release: Release) -> Result<(), String> {
        let key = round % KEYS;
        let ticket = self.throttle.trigger(&key).map_err(|why| unlike(release, why))?;
        self.held.platform.waits();
        let ended = ticket.wait();
        if ended == release.ends() { Ok(()) } else { Err(unlike(release, ended)) }
    }

    fn conduct(&self, round: u64, release: Release) -> Result<(), String> {
        let Self { throttle, held, .. } = self;
        let key = round % KEYS;
        self.key.store(key, Ordering::Relaxed);
        throttle.set_threshold(release.threshold());
        if let Release::Finish(_) = release {
            held.hold();
            // Only this call can wake the thread.
            return throttle.trigger(&key).map(|_| ()).map_err(|why| unlike(release, why));
        }
        self.begin_window(key).map_err(|why| unlike(release, why))?;
        held.platform.gather(|| true);
        match release {
            Release::Flush => throttle.flush(&key).map(|_| ()).map_err(|why| unlike(release, why)),
            Release::Cancel if throttle.cancel(&key) => Ok(()),
            Release::Cancel => Err(unlike(release, "nothing: no run was pending")),
            Release::Threshold | Release::Finish(_) => {
                throttle.set_threshold(Duration::ZERO);
                Ok(())
            }
        }
    }

    fn platform(&self) -> &Platform {
        &self.held.platform
    }

    fn retime(&self) {
        self.throttle.retime();
    }

    fn free(&self) {
        self.throttle.set_threshold(Duration::ZERO);
    }

    fn state(&self) -> String {
        format!("{:?}", self.throttle.snapshot(&self.key.load(Ordering::Relaxed)))
    }
}
