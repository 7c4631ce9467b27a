//! Whether threads are left behind.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

/// How many threads this process has, if the system reports it.
pub fn running() -> Option<usize> {
    Some(fs::read_dir("/proc/self/task").ok()?.count())
}

/// How many more threads there are than `expected`. The system lists a thread a moment longer than it lives,
/// so this looks again, for as long as `patience`.
pub fn left_behind(expected: usize, patience: Duration, running: impl Fn() -> Option<usize>) -> usize {
    let began = Instant::now();
    loop {
        let more = running().unwrap_or(0).saturating_sub(expected);
        if more == 0 || began.elapsed() >= patience {
            return more;
        }
        thread::sleep(Duration::from_millis(1));
    }
}

#[cfg(test)]
mod tests {
    use super::{left_behind, running};
    use std::cell::Cell;
    use std::sync::Barrier;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn one_that_leaves_late_is_not_left_behind() {
        let looks = Cell::new(0);
        let running = || {
            looks.set(looks.get() + 1);
            Some(if looks.get() < 4 { 9 } else { 7 })
        };
        assert_eq!(left_behind(7, Duration::MAX, running), 0);
        assert_eq!(looks.get(), 4);
    }

    #[test]
    fn a_thread_that_stays_is_left_behind() {
        assert_eq!(left_behind(7, Duration::ZERO, || Some(9)), 2);
        evidence::caught("a thread that outlives its throttle", "soak: seen, in a planted history");
    }

    #[test]
    fn threads_that_run_are_counted() {
        if running().is_none() {
            return;
        }
        let (ready, go) = (Barrier::new(101), Barrier::new(101));
        thread::scope(|scope| {
            for _ in 0..100 {
                scope.spawn(|| {
                    ready.wait();
                    go.wait();
                });
            }
            ready.wait();
            assert!(running() > Some(100), "{:?}", running());
            go.wait();
        });
    }
}
