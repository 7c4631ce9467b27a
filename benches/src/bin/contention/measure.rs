//! One measurement: threads that start together, and stop together after a fixed time.

use crate::contestants::Contestant;
use crate::plan::{Pass, Step};
use crate::scenario::{Seen, judge};
use crate::subject::Count;
use benches::Padded;
use benches::statistics::median;
use core_affinity::CoreId;
use hdrhistogram::Histogram;
use quanta::Clock;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

/// The result of one measurement.
pub struct Measured {
    pub count: Count,
    pub began: Instant,
    /// The time from the first call until half of the threads had ended. The end of the last thread would be
    /// too late: it may be the owner of a deferral, which ends up to a window later than the threads whose
    /// calls are counted.
    pub working: Duration,
    /// The time until no thread ran anything any more.
    pub span: Duration,
    /// How long calls took, in ticks of the clock; empty in the throughput pass.
    pub ticks: Histogram<u64>,
    /// Whether every thread got its core.
    pub pinned: bool,
}

/// The time that each measurement takes, and the cores that threads are pinned to.
pub struct Meter {
    pub time: Duration,
    pub cores: Vec<CoreId>,
    pub clock: Clock,
}

/// What one thread did.
struct Work {
    began: Instant,
    ended: Instant,
    count: Count,
    ticks: Histogram<u64>,
    pinned: bool,
}

impl Meter {
    /// # Errors
    ///
    /// If calls did something other than what the scenario is about, or a thread could not be started.
    pub fn measure(&self, step: &Step, contestant: &Contestant) -> Result<Measured, String> {
        let prepared = contestant.prepare(step.scenario);
        let ended = Padded(AtomicBool::new(false));
        let start = Barrier::new(step.threads + 1);
        let work = |thread: usize| {
            let mut ticks = histogram();
            let pinned = self.pin(thread);
            start.wait();
            let began = Instant::now();
            let count = match step.pass {
                Pass::Throughput => prepared.calls.count(&ended.0),
                Pass::Latency => prepared.calls.time(&ended.0, &self.clock, &mut ticks),
            };
            Work { began, ended: Instant::now(), count, ticks, pinned }
        };
        let work = &work;
        let done: Vec<Work> = thread::scope(|scope| {
            let threads: Vec<ScopedJoinHandle<Work>> =
                (0..step.threads).map(|thread| scope.spawn(move || work(thread))).collect();
            start.wait();
            thread::sleep(self.time);
            ended.0.store(true, Ordering::Relaxed);
            threads.into_iter().map(ScopedJoinHandle::join).collect::<Result<_, _>>()
        })
        .map_err(|_| format!("{}: a call panicked", describe(step, contestant)))?;
        let mut measured = sum(&done);
        if let Some(runs) = prepared.calls.runs_elsewhere() {
            measured.count.runs += runs;
            measured.span = measured.began.elapsed();
        }
        let still_pending = prepared.calls.still_pending();
        let seen = Seen { threads: step.threads, count: measured.count, span: measured.span, still_pending };
        judge(step.scenario, contestant.runs, &seen)
            .map_err(|why| format!("{}: {why}: that is no figure", describe(step, contestant)))?;
        Ok(measured)
    }

    fn pin(&self, thread: usize) -> bool {
        let core = self.cores.get(thread % self.cores.len().max(1));
        core.is_some_and(|core| core_affinity::set_for_current(*core))
    }
}

/// The usual step from one reading of the clock to the next different one, in nanoseconds.
#[allow(clippy::cast_precision_loss, reason = "a step is short")]
pub fn step_of(clock: &Clock) -> f64 {
    let readings: Vec<u64> = (0..10_000).map(|_| clock.raw()).collect();
    let steps = readings.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).filter(|step| *step > 0);
    let nanos = steps.map(|step| clock.delta_as_nanos(0, step.saturating_mul(1000)) as f64 / 1e3);
    median(nanos).unwrap_or_default()
}

pub fn describe(step: &Step, contestant: &Contestant) -> String {
    let pass = match step.pass {
        Pass::Throughput => "throughput",
        Pass::Latency => "latency",
    };
    let threads = if step.threads == 1 { "1 thread".to_owned() } else { format!("{} threads", step.threads) };
    format!("{}, {threads}, {pass}: {}", step.scenario.name(), contestant.name)
}

/// It resolves a hundredth, and reaches a minute at more ticks a nanosecond than there are. It is small, so
/// that it takes little of the cache.
fn histogram() -> Histogram<u64> {
    let mut ticks = Histogram::new_with_bounds(1, 1 << 40, 2).expect("its bounds are in order");
    // The memory is touched before it is measured.
    ticks.reset();
    ticks
}

fn sum(done: &[Work]) -> Measured {
    let began = done.iter().map(|work| work.began).min().unwrap_or_else(Instant::now);
    let mut ends: Vec<Instant> = done.iter().map(|work| work.ended).collect();
    ends.sort_unstable();
    let until =
        |end: Option<&Instant>| end.map_or(Duration::ZERO, |end| end.saturating_duration_since(began));
    let mut measured = Measured {
        count: Count::default(),
        began,
        working: until(ends.get(ends.len().saturating_sub(1) / 2)),
        span: until(ends.last()),
        ticks: histogram(),
        pinned: done.iter().all(|work| work.pinned),
    };
    for work in done {
        measured.count += work.count;
        measured.ticks += &work.ticks;
    }
    measured
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contestants::list;
    use crate::contestants::peers::gate;
    use crate::plan::steps;
    use crate::scenario::Runs;
    use benches::promises::Promises;
    use measure_options::contention::Scenario;

    /// The shortest measurement: each thread calls some dozens of times.
    fn meter() -> Meter {
        Meter { time: Duration::ZERO, cores: Vec::new(), clock: Clock::new() }
    }

    /// The verdict is that of the measurement.
    #[test]
    fn each_contestant_is_in_the_state_that_the_scenario_says() {
        let contestants = list();
        let meter = meter();
        let mut ran = [0; 4];
        for step in steps(&contestants, &Scenario::ALL, &[1, 2, 3], 1) {
            let measured = meter.measure(&step, &contestants[step.contestant]).unwrap();
            assert!(measured.count.calls > 0, "{step:?}");
            if step.pass == Pass::Throughput {
                assert!(measured.ticks.is_empty(), "{step:?}: nobody reads a clock");
            } else if measured.count.runs == 0 {
                assert!(!measured.ticks.is_empty(), "{step:?}");
            }
            ran[step.scenario as usize] += measured.count.runs;
        }
        let [coalesced, refused, admitted, window] = ran;
        assert_eq!((coalesced, refused), (0, 0));
        assert!(admitted > 0 && window > 0);
    }

    #[test]
    fn calls_that_did_something_else_are_an_error_and_no_figure() {
        let verdict = |scenario, threads, runs: bool| {
            let planted = gate("planted", "", Promises::NONE, Runs::Always, |_| (), move |()| runs);
            let step = Step { round: 0, scenario, threads, pass: Pass::Throughput, contestant: 0 };
            meter().measure(&step, &planted).map(|_| ())
        };
        for threads in [1, 2] {
            let faults = [(Scenario::Refused, true), (Scenario::Admitted, false), (Scenario::Window, false)];
            for (scenario, runs) in faults {
                let why = verdict(scenario, threads, runs).unwrap_err();
                assert!(why.contains(scenario.name()) && why.contains("no figure"), "{why}");
            }
            assert_eq!(verdict(Scenario::Admitted, threads, true), Ok(()));
        }
    }

    #[test]
    fn a_thread_that_ends_late_is_not_waited_for_in_the_time_of_the_others() {
        let now = Instant::now();
        let work = |began: u64, ended: u64| Work {
            began: now + Duration::from_millis(began),
            ended: now + Duration::from_millis(ended),
            count: Count { calls: 10, runs: 1 },
            ticks: histogram(),
            pinned: began == 0,
        };
        let measured = sum(&[work(1, 51), work(0, 60), work(2, 50)]);
        let millis = [measured.working, measured.span].map(|time| time.as_millis());
        assert_eq!(
            (millis, measured.count, measured.pinned),
            ([51, 60], Count { calls: 30, runs: 3 }, false)
        );
        assert_eq!(sum(&[work(0, 50), work(0, 60)]).working, Duration::from_millis(50));
    }
}
