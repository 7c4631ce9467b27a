//! Many tasks on many threads, by the real clock. Nothing here depends on how fast anything is.

use super::on_threads;
use atomic_throttle::{AsyncThrottle, Timestamp};
use evidence::Check;
use evidence::Guarantee::{G1, G2, G3, G5};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::yield_now;

const THRESHOLD: Duration = Duration::from_micros(500);

#[derive(Default)]
struct Watched {
    /// Relaxed, so that it makes up for no ordering of the throttle's.
    requested: AtomicU64,
    covered: AtomicU64,
    runs: AtomicBool,
    starts: Mutex<Vec<Timestamp>>,
}

impl Watched {
    async fn run(&self, throttle: &AsyncThrottle<atomic_throttle::Tokio>) {
        let covered = self.requested.load(Ordering::Relaxed);
        assert!(!self.runs.swap(true, Ordering::Relaxed), "G2: runs overlap");
        self.starts.lock().unwrap().push(throttle.snapshot().last_run_at.unwrap());
        yield_now().await;
        self.covered.fetch_max(covered, Ordering::Relaxed);
        self.runs.store(false, Ordering::Relaxed);
    }
}

#[test]
fn each_call_is_covered_and_runs_are_spaced() {
    on_threads(4, async {
        const TASKS: u64 = 8;
        const CALLS: u64 = 400;
        let check =
            Check::of(&[G1, G2, G3, G5], "tokio, 4 threads, real clock: 8 tasks: covered, spaced, exclusive");
        let throttle = AsyncThrottle::new(THRESHOLD);
        let watched = Arc::new(Watched::default());
        let calling: Vec<_> = (0..TASKS)
            .map(|task| {
                let (throttle, watched) = (throttle.clone(), Arc::clone(&watched));
                tokio::spawn(async move {
                    for call in 0..CALLS {
                        let mine = watched.requested.fetch_add(1, Ordering::Relaxed) + 1;
                        let (inside, running) = (throttle.clone(), Arc::clone(&watched));
                        let ticket = throttle.trigger(async move || running.run(&inside).await).unwrap();
                        if (task + call) % 16 == 0 {
                            assert_eq!(ticket.await, Ok(()));
                            assert!(watched.covered.load(Ordering::Relaxed) >= mine, "G3");
                        }
                        yield_now().await;
                    }
                })
            })
            .collect();
        for task in calling {
            task.await.unwrap();
        }
        assert_eq!(throttle.all().await, Ok(()));
        assert_eq!(watched.covered.load(Ordering::Relaxed), TASKS * CALLS, "G3: the last one, too");
        let starts = watched.starts.lock().unwrap().clone();
        assert!(starts.len() > 1);
        for pair in starts.windows(2) {
            assert!(pair[1].saturating_since(pair[0]) >= THRESHOLD, "G1: {pair:?}");
        }
        check.passed(usize::try_from(TASKS * CALLS).unwrap(), "cases");
    });
}
