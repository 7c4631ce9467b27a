//! Reports for the tests, with invented figures.

use crate::contestants::list;
use crate::figures::Figures;
use crate::figures::tests::measured;
use crate::plan::{Pass, steps};
use crate::report::Report;
use benches::machine::Machine;
use measure_options::contention::Scenario;
use quanta::Clock;
use std::time::Duration;

/// `calls` returns how many calls a contestant makes with this many threads. Contestants go by their places in
/// the list.
pub fn report(threads: &[usize], cores: usize, calls: impl Fn(usize, usize) -> u64) -> Report {
    let contestants = list();
    let mut figures = Figures::new(cores);
    for step in steps(&contestants, &Scenario::ALL, threads, 2) {
        let calls = calls(step.contestant, step.threads);
        let runs = match step.scenario {
            Scenario::Coalesced | Scenario::Refused => 0,
            Scenario::Admitted => calls,
            Scenario::Window => 11,
        };
        let ticks: &[u64] = if step.pass == Pass::Latency { &[10, 20, 3_998_000] } else { &[] };
        let contestant = &contestants[step.contestant];
        figures.add(&step, contestant, &Clock::mock().0, &measured(calls, runs, ticks));
    }
    Report {
        contestants,
        scenarios: Scenario::ALL.to_vec(),
        threads: threads.to_vec(),
        rounds: 2,
        time: Duration::from_millis(50),
        machine: Machine { load: 0.0, cores, ..Machine::here() },
        clock_step: 10.0,
        figures,
    }
}

/// Every contestant scales, each at a price of its own.
pub fn usual() -> Report {
    report(&[1, 2, 4, 8], 2, |contestant, threads| {
        1_000_000 / (contestant as u64 + 1) * threads.min(2) as u64
    })
}
