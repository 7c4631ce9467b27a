//! All that was measured, and its medians. Ratios are taken within a round: whatever slows a contestant down
//! for a while slows the limits of the same round, too.

use crate::contestants::Contestant;
use crate::measure::Measured;
use crate::plan::{Pass, Step};
use benches::statistics::median;
use measure_options::contention::Scenario;
use quanta::Clock;
use std::collections::BTreeMap;

/// The figures of one contestant in one scenario with this many threads, one for each round.
#[derive(Default)]
struct Rounds {
    /// ns per call and thread; `None` where only owners call.
    nanos: Vec<Option<f64>>,
    calls_per_second: Vec<f64>,
    /// The share of calls that ran.
    ran: Vec<f64>,
    /// The runs, as a share of those that would have fitted.
    of_possible: Vec<f64>,
    latencies: Vec<[Option<f64>; 4]>,
}

/// The quantiles of a latency, and the greatest latency.
pub const QUANTILES: [&str; 4] = ["p50", "p99", "p99.9", "max"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub scenario: Scenario,
    pub contestant: usize,
    pub threads: usize,
}

pub struct Figures {
    cores: usize,
    all: BTreeMap<Place, Rounds>,
    pub pinned: bool,
}

impl Figures {
    pub fn new(cores: usize) -> Self {
        Self { cores, all: BTreeMap::new(), pinned: true }
    }

    #[allow(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    pub fn add(&mut self, step: &Step, contestant: &Contestant, clock: &Clock, measured: &Measured) {
        let &Step { scenario, threads, contestant: place, .. } = step;
        self.pinned &= measured.pinned;
        let rounds = self.all.entry(Place { scenario, contestant: place, threads }).or_default();
        let (calls, runs) = (measured.count.calls as f64, measured.count.runs as f64);
        if step.pass == Pass::Latency {
            // A thousand times as many ticks give more than whole nanoseconds.
            let nanos = |ticks: u64| clock.delta_as_nanos(0, ticks.saturating_mul(1000)) as f64 / 1e3;
            let ticks = &measured.ticks;
            // The slowest of a thousand is known only if there are a thousand.
            let enough = |one_in: u64| ticks.len() >= one_in;
            let quantile = |at, one_in| enough(one_in).then(|| nanos(ticks.value_at_quantile(at)));
            let [half, hundredth, thousandth] =
                [(0.5, 2), (0.99, 100), (0.999, 1000)].map(|(at, one_in)| quantile(at, one_in));
            rounds.latencies.push([half, hundredth, thousandth, enough(1).then(|| nanos(ticks.max()))]);
            return;
        }
        let seconds = measured.working.as_secs_f64();
        let running = threads.saturating_sub(contestant.waiting(scenario)).min(self.cores);
        rounds.nanos.push((running > 0).then(|| seconds * 1e9 * running as f64 / calls));
        rounds.calls_per_second.push(calls / seconds);
        rounds.ran.push(runs / calls);
        rounds.of_possible.push(runs / scenario.possible_runs(measured.span) as f64);
    }

    /// ns per call and thread.
    pub fn nanos(&self, place: Place) -> Option<f64> {
        self.all.get(&place).and_then(|rounds| median(rounds.nanos.iter().copied().flatten()))
    }

    /// The ratio to the other contestant.
    pub fn ratio(&self, place: Place, to: usize) -> Option<f64> {
        let to = self.all.get(&Place { contestant: to, ..place })?;
        let rounds = self.all.get(&place)?.nanos.iter().zip(&to.nanos);
        median(rounds.filter_map(|(nanos, to)| Some((*nanos)? / (*to)?)))
    }

    /// ns per run and thread: the calls that did not run are counted with those that did.
    pub fn nanos_per_run(&self, place: Place) -> Option<f64> {
        let rounds = self.all.get(&place)?;
        let each = rounds.nanos.iter().zip(&rounds.ran).filter(|(_, ran)| **ran > 0.0);
        median(each.filter_map(|(nanos, ran)| Some((*nanos)? / ran)))
    }

    pub fn calls_per_second(&self, place: Place) -> Option<f64> {
        median(self.all.get(&place)?.calls_per_second.iter().copied())
    }

    pub fn ran(&self, place: Place) -> Option<f64> {
        median(self.all.get(&place)?.ran.iter().copied())
    }

    pub fn of_possible(&self, place: Place) -> Option<f64> {
        median(self.all.get(&place)?.of_possible.iter().copied())
    }

    /// The [`QUANTILES`], in ns: medians over the rounds that timed enough calls to know them, and the greatest of
    /// all rounds.
    pub fn latency(&self, place: Place) -> [Option<f64>; 4] {
        let rounds = self.all.get(&place).map_or(&[][..], |rounds| &rounds.latencies);
        let of_rounds = |which: usize| rounds.iter().filter_map(move |latencies| latencies[which]);
        let greatest = of_rounds(3).reduce(f64::max);
        [median(of_rounds(0)), median(of_rounds(1)), median(of_rounds(2)), greatest]
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::subject::Count;
    use hdrhistogram::Histogram;
    use std::time::{Duration, Instant};

    /// A measurement that lasted for 10 ms.
    pub fn measured(calls: u64, runs: u64, ticks: &[u64]) -> Measured {
        let mut histogram = Histogram::new(3).unwrap();
        for ticks in ticks {
            histogram.record(*ticks).unwrap();
        }
        let (working, span) = (Duration::from_millis(10), Duration::from_micros(10_500));
        Measured {
            count: Count { calls, runs },
            began: Instant::now(),
            working,
            span,
            ticks: histogram,
            pinned: true,
        }
    }

    fn is(got: Option<f64>, expected: f64) {
        assert!((got.unwrap() - expected).abs() < 1e-6 * expected, "{got:?}, not {expected}");
    }

    fn near(got: f64, expected: f64) {
        assert!((got - expected).abs() < 0.01 * expected, "{got}, not {expected}");
    }

    /// The clock is left out: its ticks are nanoseconds.
    fn figures(
        scenario: Scenario,
        threads: usize,
        name: &str,
        rounds: &[Measured],
        pass: Pass,
    ) -> (Figures, Place) {
        let contestants = crate::contestants::list();
        let contestant = contestants.iter().position(|contestant| contestant.name == name).unwrap();
        let mut figures = Figures::new(2);
        for (round, measured) in rounds.iter().enumerate() {
            let step = Step { round, scenario, threads, pass, contestant };
            figures.add(&step, &contestants[contestant], &Clock::mock().0, measured);
        }
        (figures, Place { scenario, contestant, threads })
    }

    #[test]
    fn a_call_takes_the_time_of_the_threads_that_can_run() {
        let of = |threads, name, scenario| {
            let (figures, place) =
                figures(scenario, threads, name, &[measured(1000, 10, &[])], Pass::Throughput);
            (figures.nanos(place), figures.calls_per_second(place))
        };
        let (nanos, calls) = of(1, "ratelimit", Scenario::Refused);
        is(nanos, 10_000.0);
        is(calls, 100_000.0);
        // Eight threads on two cores: two of them run at any time.
        is(of(2, "ratelimit", Scenario::Refused).0, 20_000.0);
        is(of(8, "ratelimit", Scenario::Refused).0, 20_000.0);
        // One of them is the owner that waits.
        is(of(2, "Throttle::run", Scenario::Window).0, 10_000.0);
        is(of(2, "Throttle::run", Scenario::Admitted).0, 20_000.0);
        is(of(2, "Throttled::trigger", Scenario::Window).0, 20_000.0);
        assert_eq!(of(1, "Throttle::run", Scenario::Window).0, None);
    }

    #[test]
    fn runs_are_compared_with_calls_and_with_what_was_possible() {
        let rounds = [measured(1000, 11, &[]), measured(1000, 11, &[])];
        let (figures, place) = figures(Scenario::Window, 2, "ratelimit", &rounds, Pass::Throughput);
        is(figures.ran(place), 0.011);
        is(figures.nanos_per_run(place), 10_000.0 / 0.011 * 2.0);
        is(figures.of_possible(place), 1.0);
    }

    #[test]
    fn a_ratio_is_taken_within_its_round() {
        let contestants = crate::contestants::list();
        let at = |name| contestants.iter().position(|contestant| contestant.name == name).unwrap();
        let (load, peer) = (at("fence + load"), at("std channel, full"));
        let mut figures = Figures::new(2);
        let place = |contestant| Place { scenario: Scenario::Coalesced, contestant, threads: 1 };
        // The machine is ten times slower in the second round, and the third disturbed the peer alone.
        for (round, (ours, its)) in [(1000, 500), (100, 50), (1000, 100)].into_iter().enumerate() {
            for (contestant, calls) in [(load, ours), (peer, its)] {
                let scenario = Scenario::Coalesced;
                let step = Step { round, scenario, threads: 1, pass: Pass::Throughput, contestant };
                figures.add(&step, &contestants[contestant], &Clock::mock().0, &measured(calls, 0, &[]));
            }
        }
        // The ratio of the medians would be 10.
        is(figures.ratio(place(peer), load), 2.0);
        is(figures.nanos(place(peer)), 100_000.0);
        assert_eq!(figures.ratio(place(at("CAS")), load), None);
    }

    #[test]
    fn latencies_are_medians_of_rounds_and_the_greatest_of_all() {
        let ticks = |most| [vec![100; 985], vec![1000; 10], vec![5000; 4], vec![most]].concat();
        let rounds = [8000, 90_000, 7000].map(|most| measured(9, 0, &ticks(most)));
        let (figures, place) = figures(Scenario::Refused, 1, "ratelimit", &rounds, Pass::Latency);
        let [half, hundredth, thousandth, most] = figures.latency(place).map(Option::unwrap);
        near(half, 100.0);
        near(hundredth, 1000.0);
        near(thousandth, 5000.0);
        near(most, 90_000.0);
        assert_eq!(figures.nanos(place), None);
    }

    #[test]
    fn what_is_one_in_a_thousand_is_not_known_of_fewer() {
        for (timed, known) in [(0, 0), (1, 1), (2, 2), (99, 2), (100, 3), (999, 3), (1000, 4)] {
            let rounds = [measured(9, 0, &vec![100; timed])];
            let (figures, place) = figures(Scenario::Refused, 1, "ratelimit", &rounds, Pass::Latency);
            assert_eq!(figures.latency(place).iter().flatten().count(), known, "of {timed}");
        }
    }
}
