//! Real rounds: the guarantees hold, and faults of the threads themselves are seen.

use super::Rounds;
use crate::plan::{FAR, Odds, Plan, Release};
use crate::record::Event;
use clap::Parser;
use measure_options::soak::{Options, Plant};

const ROUNDS: usize = 20;

/// A planted fault shows in one of the first rounds, but threads that never meet show nothing.
const PATIENCE: usize = 1000;

fn options(plant: Option<Plant>) -> Options {
    let mut options = Options::parse_from(["soak", "--threads", "8"]);
    options.plant = plant;
    options
}

/// The first of so many rounds in which `is_seen` holds of the guarantees that were seen broken.
fn first_round(plant: Option<Plant>, rounds: usize, is_seen: impl Fn(&[&str]) -> bool) -> Option<usize> {
    let options = options(plant);
    let mut course = Rounds::new(&options, 1);
    let plan = Plan { lasts: 50_000_000, ..Plan::everything(8) };
    (0..rounds).find(|_| {
        let verdict = course.perform(&plan).unwrap();
        let broken: Vec<_> = verdict.broken.iter().map(|broken| broken.guarantee).collect();
        is_seen(&broken)
    })
}

/// One fault may break several guarantees, and not all of them in the first round.
fn is_seen(plant: Plant, guarantee: &str) -> bool {
    first_round(Some(plant), PATIENCE, |broken| broken.contains(&guarantee)).is_some()
}

#[test]
fn rounds_without_a_fault_hold() {
    assert_eq!(first_round(None, ROUNDS, |broken| !broken.is_empty()), None);
}

#[test]
fn an_owner_in_a_far_window_is_released() {
    let releases = [
        (Release::Cancel, Event::Cancelled),
        (Release::Flush, Event::RanFlushed),
        (Release::SetThreshold, Event::RanDeferred),
    ];
    for (release, told) in releases {
        let options = options(None);
        let mut rounds = Rounds::new(&options, 1);
        let thresholds = vec![FAR];
        let odds = Odds { wait: 0.1, change: 0.001, ..Odds::default() };
        let far = Some(release);
        let plan = Plan { thresholds, far, odds, lasts: 20_000_000, ..Plan::everything(8) };
        let mut released = 0;
        for _ in 0..ROUNDS {
            let verdict = rounds.perform(&plan).unwrap();
            assert_eq!(verdict.broken, [], "{release:?}");
            released += verdict.tally[told];
        }
        assert!(released > 0, "{release:?}");
    }
}

#[test]
fn a_flush_that_is_not_told_of_is_seen() {
    assert!(is_seen(Plant::Early, "G1"));
    evidence::caught("a run that starts early", "soak: seen in a round with real threads (G1)");
}

#[test]
fn a_run_beside_the_throttle_is_seen() {
    assert!(is_seen(Plant::Overlap, "G2"));
    evidence::caught("a run inside another one", "soak: seen in a round with real threads (G2)");
}

#[test]
fn a_number_that_is_published_too_late_is_seen() {
    assert!(is_seen(Plant::Late, "G3"));
    evidence::caught("a call that no run covers", "soak: seen in a round with real threads (G3)");
}

#[test]
fn a_cancel_that_is_not_told_of_is_seen() {
    assert!(is_seen(Plant::Silent, "G4"));
    evidence::caught("an owner that leaves unasked", "soak: seen in a round with real threads (G4)");
}
