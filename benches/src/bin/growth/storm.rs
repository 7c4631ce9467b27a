//! Threads that call without a pause, through many short windows: how many runs they cause.

use crate::runs::Runs;
use atomic_throttle::{Epoch, Outcome, Throttle, Throttled, Timestamp, WeakThrottled};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

pub const THRESHOLD: Duration = Duration::from_millis(2);

/// A pending run that has not come this long after the last call is lost.
const LOST: Duration = Duration::from_secs(30);

/// The stamps of the runs, in their order: runs exclude each other.
#[derive(Default)]
struct Starts(Mutex<Vec<Timestamp>>);

impl Starts {
    fn note(&self, start: Option<Timestamp>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(start);
    }

    fn judged(&self, coalesced: &[Epoch]) -> Runs {
        Runs::spaced(&self.0.lock().unwrap_or_else(PoisonError::into_inner), THRESHOLD, coalesced)
    }
}

/// Makes this many threads call until that time has passed. Returns the last epoch that each coalesced in.
fn call_without_pause(threads: u64, time: Duration, call: impl Fn() -> Option<Epoch> + Sync) -> Vec<Epoch> {
    let over = &AtomicBool::new(false);
    let call = &call;
    let worker = move || {
        // Each thread calls at least once, even if it starts too late.
        let mut last = call();
        while !over.load(Ordering::Relaxed) {
            last = last.max(call());
        }
        last
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        thread::sleep(time);
        over.store(true, Ordering::Relaxed);
        workers.into_iter().filter_map(|worker| worker.join().expect("no call panics")).collect()
    })
}

/// `Throttle::run`: one of the threads waits, the others coalesce.
pub fn blocking(threads: u64, windows: u32) -> Runs {
    let (throttle, starts) = (Throttle::new(THRESHOLD), Starts::default());
    let coalesced = call_without_pause(threads, THRESHOLD * windows, || {
        match throttle.run(|| starts.note(throttle.last_run_at())) {
            Outcome::Coalesced(handle) => Some(handle.epoch()),
            _ => None,
        }
    });
    // The last owner has returned from its run: nothing is pending.
    starts.judged(&coalesced)
}

/// `Throttled::trigger`: every thread coalesces, and a thread of its own runs.
pub fn background(threads: u64, windows: u32) -> Runs {
    let starts = Arc::new(Starts::default());
    // Before the first call.
    let itself = Arc::new(OnceLock::<WeakThrottled>::new());
    let (noted, seen) = (Arc::clone(&starts), Arc::clone(&itself));
    let throttled = Throttled::spawn(THRESHOLD, move || {
        let itself = seen.get().and_then(WeakThrottled::upgrade);
        noted.note(itself.and_then(|itself| itself.snapshot().last_run_at));
    });
    assert!(itself.set(throttled.downgrade()).is_ok());
    let coalesced =
        call_without_pause(threads, THRESHOLD * windows, || Some(throttled.trigger().ok()?.epoch()));
    // A run that does not come leaves its calls uncovered, which is judged below.
    let _ = throttled.wait_for(LOST);
    starts.judged(&coalesced)
}

#[cfg(test)]
mod tests {
    use super::{Starts, background, blocking};
    use atomic_throttle::Timestamp;

    #[test]
    fn no_run_is_too_near_and_none_is_lost() {
        for runs in [blocking(1, 3), blocking(4, 3), background(4, 3)] {
            assert_eq!(runs.fault(), None);
            assert!(runs.started >= 1 && runs.started <= runs.windows, "{runs:?}");
        }
    }

    #[test]
    fn a_start_inside_a_window_is_seen() {
        let starts = Starts::default();
        for millis in [1, 3, 4] {
            starts.note(Some(Timestamp::from_nanos(millis * 1_000_000)));
        }
        assert_eq!(starts.judged(&[]).too_many, 1);
        evidence::caught("two starts nearer than a window", "growth: the stamps of all runs are compared");
    }
}
