//! What the simulation shows, at a small size: which figures are bounded, and that the spread bounds them.

use crate::figures::{Figures, most_within};
use crate::simulation::{Observations, Parameters, simulate};
use core::time::Duration;

const SMALL: Parameters = Parameters {
    processes: 100,
    threshold: Duration::from_secs(1),
    rate: 2.0,
    run: Duration::from_millis(10),
    way: Duration::from_micros(100),
    way_more: Duration::from_micros(50),
    service: Duration::from_micros(20),
    windows: 10,
    jitter: true,
    seed: 7,
};

fn figures(model: Parameters) -> (Figures, Observations) {
    let observed = simulate(model);
    (Figures::of(&model, &observed), observed)
}

#[test]
fn runs_are_spaced_and_every_call_is_covered() {
    for processes in [1, 3, 100] {
        let (_, observed) = figures(Parameters { processes, ..SMALL });
        assert!(observed.calls > 0);
        assert_eq!(observed.left, 0);
        let gaps = observed.starts.windows(2).map(|pair| pair[1] - pair[0]);
        assert!(gaps.min().expect("two runs") >= SMALL.threshold);
    }
}

/// The bound holds for any number of processes and of calls.
#[test]
fn each_process_asks_a_few_times_in_a_window() {
    for processes in [10, 100, 300] {
        for rate in [2.0, 200.0] {
            let (figures, _) = figures(Parameters { processes, rate, ..SMALL });
            let commands = figures.commands_per_window_and_process;
            assert!(commands < 7.0, "{processes} processes, {rate} calls/s: {commands}");
        }
    }
}

#[test]
fn looks_that_are_not_spread_come_at_once() {
    let (spread, _) = figures(SMALL);
    let (at_once, _) = figures(Parameters { jitter: false, ..SMALL });
    assert!(at_once.peak > 4 * spread.peak, "{} and {}", at_once.peak, spread.peak);
    assert!(at_once.longest_queue > spread.longest_queue);
}

#[test]
fn the_same_seed_gives_the_same_figures() {
    let again = || figures(SMALL).0;
    assert_eq!(again(), again());
    assert_ne!(again(), figures(Parameters { seed: 8, ..SMALL }).0);
}

#[test]
fn the_most_within_a_span_is_counted() {
    let times = [0, 3, 9, 10, 12, 30].map(Duration::from_millis);
    assert_eq!(most_within(&times, Duration::from_millis(10)), 4);
    assert_eq!(most_within(&times, Duration::from_millis(1)), 1);
    assert_eq!(most_within(&[], Duration::from_millis(1)), 0);
}
