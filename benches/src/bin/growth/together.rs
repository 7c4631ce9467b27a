//! The same call by many threads at once.

use crate::memory::in_use;
use crate::timing::nanos;
use benches::machine::cores;
use benches::statistics::float;
use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

/// The result of the measurement.
#[derive(Clone, Copy, Debug)]
pub struct Together {
    /// The time of a call: from the first start to the last end, times the cores that the threads could use,
    /// divided by all calls. So threads that wait for a core cost nothing.
    pub nanos: f64,
    /// Bytes that the calls have left behind, with all threads still there.
    pub added: i64,
}

/// Makes this many threads make this many calls each.
pub fn together<T>(threads: u64, calls_each: u64, call: impl Fn() -> T + Copy + Sync + Send) -> Together {
    let number = usize::try_from(threads).unwrap_or(usize::MAX);
    let turn = &Barrier::new(number + 1);
    let (mut before, mut after) = (0, 0);
    let times: Vec<(Instant, Instant)> = thread::scope(|scope| {
        let worker = move || {
            // All threads have started, and what they take by themselves is allocated.
            turn.wait();
            turn.wait();
            let start = Instant::now();
            for _ in 0..calls_each {
                black_box(call());
            }
            let end = Instant::now();
            turn.wait();
            turn.wait();
            (start, end)
        };
        let workers: Vec<_> = (0..number).map(|_| scope.spawn(worker)).collect();
        turn.wait();
        before = in_use();
        turn.wait();
        turn.wait();
        after = in_use();
        turn.wait();
        workers.into_iter().map(|worker| worker.join().expect("no call panics")).collect()
    });
    let starts = times.iter().map(|(start, _)| *start).min();
    let ends = times.iter().map(|(_, end)| *end).max();
    let wall = starts.zip(ends).map_or(0.0, |(start, end)| nanos(end - start));
    Together { nanos: a_call(wall, threads, cores() as u64, threads * calls_each), added: after - before }
}

fn a_call(wall: f64, threads: u64, cores: u64, calls: u64) -> f64 {
    wall * float(threads.min(cores)) / float(calls.max(1))
}

#[cfg(test)]
mod tests {
    use super::{a_call, together};
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn every_thread_makes_its_calls() {
        let made = AtomicU64::new(0);
        let done = together(5, 1000, || made.fetch_add(1, Ordering::Relaxed));
        assert!(made.into_inner() == 5000 && done.nanos > 0.0);
    }

    #[test]
    fn threads_without_a_core_cost_nothing() {
        let is = |time: f64, expected: f64| assert!((time - expected).abs() < 1e-9, "{time}");
        // One call of 10 ns after the other: by one thread, by two on two cores, by eight on two cores.
        is(a_call(1000.0, 1, 2, 100), 10.0);
        is(a_call(1000.0, 2, 2, 200), 10.0);
        is(a_call(4000.0, 8, 2, 800), 10.0);
    }
}
