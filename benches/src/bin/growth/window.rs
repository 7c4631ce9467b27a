//! One window in real time: a leading run starts it, a run becomes pending, this many calls come, and the runs
//! are counted until nothing more can come.

use crate::front::{Front, Owner, defer};
use crate::memory::in_use;
use crate::runs::Runs;
use crate::timing::{comes, nanos_a_call};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// A pending run that has not come this long after its window is lost.
const LOST: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// A call.
    pub nanos: f64,
    pub runs: Runs,
    /// The bytes of the throttle, with its pending run and the threads that wait for it, but without a caller's
    /// own thread.
    pub bytes: i64,
    /// The bytes that the calls have left behind.
    pub added: i64,
}

/// A window of that length with this many calls. `None` if its pending run started before the last of them:
/// then its figures say nothing, and it is thrown away.
pub fn window<F: Front>(threshold: Duration, calls: u64, clock: f64) -> Option<Window> {
    let runs = Arc::new(AtomicU64::new(0));
    let before = in_use();
    let front = F::start(threshold, &runs);
    front.lead();
    let epoch = front.snapshot().epoch;
    let owner = defer(&front);
    let pending = in_use();
    let nanos = nanos_a_call(calls, clock, front.call());
    let after = in_use();
    // The pending run starts another epoch. So all calls came between the leading run and the pending one.
    let seen = front.snapshot();
    let fit = seen.epoch == epoch && seen.next_run_at.is_some();
    let bytes = after - before - owner.bytes;
    let runs = fit.then(|| trailing(&runs, threshold, LOST));
    end(front, owner, runs);
    runs.map(|runs| Window { nanos, runs, bytes, added: after - pending })
}

/// Counts the runs after the leading one: the pending run is due, and no run is due in the window after it.
fn trailing(runs: &AtomicU64, threshold: Duration, lost: Duration) -> Runs {
    let since_leading = || runs.load(Ordering::Relaxed) - 1;
    if comes(|| since_leading() > 0, threshold + lost) {
        thread::sleep(threshold + threshold / 2);
    }
    Runs::expected(1, since_leading())
}

/// Leaks a throttle that has lost its run: it may never end.
fn end<F: Front>(front: F, owner: Owner, runs: Option<Runs>) {
    if runs.is_some_and(|runs| runs.lost > 0) {
        std::mem::forget((front, owner));
    } else {
        front.end(owner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::front::{Background, Blocking};
    use crate::memory::alone;
    use atomic_throttle::{Snapshot, Throttled};
    use evidence::caught;

    /// The window is long enough for any machine: if it is not, it is thrown away, and another one is made.
    fn of_a_hundred_calls<F: Front>() -> Window {
        let mut threshold = Duration::from_millis(20);
        loop {
            if let Some(window) = window::<F>(threshold, 100, 0.0) {
                return window;
            }
            threshold *= 2;
        }
    }

    #[test]
    fn a_window_with_calls_has_one_run() {
        for window in [of_a_hundred_calls::<Blocking>(), of_a_hundred_calls::<Background>()] {
            assert_eq!(window.runs, Runs::expected(1, 1), "{window:?}");
            assert!(window.nanos > 0.0);
        }
    }

    #[test]
    fn each_run_after_the_leading_one_is_counted() {
        let after = |runs| trailing(&AtomicU64::new(runs), Duration::ZERO, Duration::ZERO);
        assert_eq!((after(2).fault(), after(3).too_many, after(1).lost), (None, 1, 1));
    }

    /// A front end with a fault: its pending run counts for two, and its calls leave a mebibyte behind.
    struct Faulty(Throttled);

    impl Front for Faulty {
        fn start(threshold: Duration, runs: &Arc<AtomicU64>) -> Self {
            let runs = Arc::clone(runs);
            let twice = move || {
                let one_more = runs.load(Ordering::Relaxed).min(1);
                runs.fetch_add(1 + one_more, Ordering::Relaxed);
            };
            Self(Throttled::spawn(threshold, twice))
        }
        fn lead(&self) {
            self.0.trigger().unwrap().wait().unwrap();
        }
        fn defer(&self) -> Owner {
            assert!(self.0.trigger().is_ok());
            Owner::default()
        }
        fn call(&self) -> impl Fn() -> bool + Copy + Send + Sync {
            || {
                std::mem::forget(Vec::<u8>::with_capacity(1 << 20));
                self.0.trigger().is_err()
            }
        }
        fn snapshot(&self) -> Snapshot {
            self.0.snapshot()
        }
        fn end(self, _: Owner) {}
    }

    #[test]
    fn a_second_run_and_a_leak_are_seen() {
        let _alone = alone();
        let window = of_a_hundred_calls::<Faulty>();
        assert_eq!(window.runs.too_many, 1, "{window:?}");
        caught("a function that runs twice in a window", "growth: the runs of a real window are counted");
        // Other tests give memory back meanwhile, so the bounds are lower.
        assert!(window.added >= 90 << 20 && window.bytes >= 90 << 20, "{window:?}");
        caught("calls that leave memory behind", "growth: the bytes of a real window are counted");
    }

    /// A front end whose calls wait for the pending run.
    struct Slow(Faulty);

    impl Front for Slow {
        fn start(threshold: Duration, runs: &Arc<AtomicU64>) -> Self {
            Self(Faulty::start(threshold, runs))
        }
        fn lead(&self) {
            self.0.lead();
        }
        fn defer(&self) -> Owner {
            self.0.defer()
        }
        fn call(&self) -> impl Fn() -> bool + Copy + Send + Sync {
            || self.0.0.all().wait().is_ok()
        }
        fn snapshot(&self) -> Snapshot {
            self.0.snapshot()
        }
        fn end(self, _: Owner) {}
    }

    #[test]
    fn a_window_that_is_over_before_its_calls_is_thrown_away() {
        assert!(window::<Slow>(Duration::from_millis(1), 1, 0.0).is_none());
    }
}
