//! Rounds, rows, and the reference rows that every group shares.

use crate::Padded;
use atomic_throttle::{Clock, Monotonic};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::thread;
use std::time::{Duration, Instant};

const ROUNDS: u32 = 5;

/// A short measurement of each row: there are many, in rounds.
pub fn criterion() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(150))
        .measurement_time(Duration::from_millis(500))
        .sample_size(40)
        // The benches do not need confidence intervals, and the default number of resamples takes longer than
        // the measurement.
        .nresamples(2_000)
        .configure_from_args()
}

/// The rows of one round.
pub struct Rows<'c> {
    group: BenchmarkGroup<'c, WallTime>,
    round: u32,
}

/// Measures all rows of a group, one round after the other.
pub fn rounds(criterion: &mut Criterion, group: &str, measure: impl Fn(&mut Rows)) {
    let mut rows = Rows { group: criterion.benchmark_group(group), round: 0 };
    while rows.round < ROUNDS {
        rows.round += 1;
        measure(&mut rows);
    }
    rows.group.finish();
}

impl Rows<'_> {
    /// Measures `call`. It is `Copy` so that the loop keeps what it captured in registers.
    pub fn row<T>(&mut self, name: &str, call: impl Fn() -> T + Copy) {
        let id = format!("round-{}/{name}", self.round);
        self.group.bench_function(id, |bencher| bencher.iter(call));
    }

    /// Measures a row that times itself: `time` returns how long this many calls took.
    pub fn timed_row(&mut self, name: &str, mut time: impl FnMut(u64) -> Duration) {
        let id = format!("round-{}/{name}", self.round);
        self.group.bench_function(id, |bencher| bencher.iter_custom(&mut time));
    }

    /// Measures `call` alone, then while another thread repeats it without a pause.
    pub fn row_and_contended<T>(&mut self, name: &str, call: impl Fn() -> T + Copy + Send) {
        self.row(name, call);
        self.row_beside(&format!("2 threads: {name}"), call, call);
    }

    /// Measures `call` while another thread repeats `other` without a pause.
    pub fn row_beside<T, U>(
        &mut self,
        name: &str,
        call: impl Fn() -> T + Copy,
        other: impl Fn() -> U + Copy + Send,
    ) {
        let stop = &AtomicBool::new(false);
        thread::scope(|scope| {
            // It also stops the thread if a measurement panics: the scope waits for that thread.
            let _stop = StopOnDrop(stop);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    for _ in 0..100 {
                        black_box(other());
                    }
                }
            });
            self.row(name, call);
        });
    }

    /// What calls are made of.
    pub fn references(&mut self) {
        let word = &Padded(AtomicU64::new(0));
        let word = &black_box(word).0;
        self.row("relaxed load", move || word.load(Ordering::Relaxed));
        // The least that can promise a call that a pending run sees what was written before it.
        self.row("fence + load", move || {
            fence(Ordering::SeqCst);
            word.load(Ordering::Relaxed)
        });
        self.row("CAS", move || {
            let before = word.load(Ordering::Relaxed);
            word.compare_exchange_weak(before, before + 1, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        });
        self.row("Instant::now", Instant::now);
        self.row("Monotonic::now", || Monotonic.now());
    }
}

struct StopOnDrop<'s>(&'s AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
