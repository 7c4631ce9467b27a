//! The judge accepts what a throttle may do, and rejects each planted history.

mod carriage;
mod coverage;
mod ends;
mod pace;
mod spacing;

use super::{History, Paced, StormEnd, Verdict, judge};
use crate::record::{Cancel, Carried, Change, Event, Kind, Run, RunLog, Tally, Testimony, add};
use atomic_throttle::state::DeferralStatus;
use evidence::Guarantee;

const THRESHOLD: u64 = 10_000;

/// A history of two threads. It begins without a fault.
struct Planted {
    before: Option<Run>,
    runs: Vec<(Run, [u64; 2])>,
    changes: Vec<Change>,
    testimonies: Vec<Testimony>,
    elsewhere: Tally,
    paced: Option<Paced>,
    cancels_drop: bool,
    /// What each run was given, if calls bring something.
    given: Vec<Carried>,
    end: StormEnd,
}

/// A run with this stamp, after the one with the stamp `before`.
fn run(stamp: u64, before: u64) -> Run {
    Run { stamp, inside: stamp + 3, end: stamp + 5, before, ..Run::default() }
}

fn change(threshold: u64, begun: u64, returned: u64) -> Change {
    Change { threshold, begun, returned }
}

impl Planted {
    fn new(runs: &[(Run, [u64; 2])]) -> Self {
        let left = DeferralStatus::None;
        Self {
            before: None,
            runs: runs.to_vec(),
            changes: vec![change(THRESHOLD, 10, 20)],
            testimonies: vec![Testimony::new(0), Testimony::new(1)],
            elsewhere: Tally::default(),
            paced: None,
            cancels_drop: false,
            given: Vec::new(),
            end: StormEnd { left, is_running: false, overlaps: 0, panics: 0, arrived: None, remaining: None },
        }
    }

    /// Runs of these stamps, each with the number of thread 1 that it saw.
    fn of(runs: &[(u64, u64)]) -> Self {
        let before = |place: usize| place.checked_sub(1).map_or(0, |place| runs[place].0);
        let run = |(place, &(stamp, seen))| (run(stamp, before(place)), [0, seen]);
        Self::new(&runs.iter().enumerate().map(run).collect::<Vec<_>>())
    }

    /// Three runs, one at each end of a window.
    fn good() -> Self {
        Self::of(&[(100_000, 0), (110_000, 2), (125_000, 3)])
    }

    /// Thread 1 was promised that a run after `epoch` covers call `number`.
    fn told(mut self, epoch: u64, number: u64, called: u64) -> Self {
        self.testimonies[1].promised(epoch, number, called, called + 10);
        self
    }

    fn cancelled(mut self, epoch: u64, at: u64) -> Self {
        self.testimonies[0].cancelled(Cancel { epoch, at });
        self
    }

    fn with(mut self, events: &[Event]) -> Self {
        for &event in events {
            self.testimonies[0].tally.add(event);
        }
        self
    }

    fn called(mut self, kinds: &[Kind]) -> Self {
        for &kind in kinds {
            add(&mut self.testimonies[1].times[kind as usize], 1);
        }
        self
    }

    fn left(mut self, left: DeferralStatus) -> Self {
        self.end.left = left;
        self
    }

    fn judge(&self) -> Verdict {
        let mut log = RunLog::new(2, 0, 1, 1 << 20);
        let mut given = self.given.iter();
        for (run, seen) in &self.runs {
            log.push(*run, seen);
            given.next().into_iter().for_each(|given| log.push_given(given.clone()));
        }
        let Self { before, changes, testimonies, elsewhere, paced, cancels_drop, end, .. } = self;
        let (before, elsewhere, paced, end) = (*before, *elsewhere, *paced, end.clone());
        let cancels_drop = *cancels_drop;
        judge(&History { before, log: &log, changes, testimonies, elsewhere, paced, cancels_drop, end })
    }

    fn broken(&self) -> Vec<Guarantee> {
        self.judge().broken.iter().map(|broken| broken.guarantee).collect()
    }
}

#[test]
fn accepts_a_good_storm() {
    let planted =
        Planted::good().told(100_000, 1, 100_100).told(100_000, 2, 100_200).told(110_000, 3, 111_000);
    let verdict = planted.judge();
    assert_eq!(verdict.broken, []);
    assert_eq!((verdict.runs, verdict.spaced, verdict.covered, verdict.uncovered), (3, 2, 2, 0));
    assert_eq!((verdict.shortest_gap, verdict.longest_delay), (Some(10_000), 14_000));
}

#[test]
fn several_throttles_are_judged_each_by_itself() {
    // Runs of different keys may be close together; in the second one of the two is blind.
    let good = Planted::of(&[(100_000, 0), (110_000, 1)]).told(100_000, 1, 101_000).judge();
    let bad = Planted::of(&[(100_100, 0), (115_000, 0)]).told(100_100, 1, 101_000).judge();
    let all = Verdict::of_all([good, bad].into_iter());
    assert_eq!(all.broken.len(), 1);
    assert_eq!(all.broken[0].guarantee, Guarantee::G3);
    assert!(all.broken[0].how.starts_with("key 2: "), "{}", all.broken[0].how);
    assert_eq!((all.runs, all.shortest_gap, all.uncovered, all.longest_delay), (4, Some(10_000), 1, 9000));
}
