//! The judge accepts what a throttle may do, and rejects each planted history.

use super::{Round, Verdict, judge};
use crate::record::{Change, Event, Promise, Run, RunLog, Testimony};
use atomic_throttle::state::State;

const THRESHOLD: u64 = 10_000;

/// A history of two threads. It begins without a fault.
struct History {
    before: Option<Run>,
    runs: Vec<(Run, [u64; 2])>,
    changes: Vec<Change>,
    testimonies: Vec<Testimony>,
    overlaps: u64,
    left: State,
}

/// A run with this stamp, after the one with the stamp `before`.
fn run(stamp: u64, before: u64) -> Run {
    Run { stamp, inside: stamp + 3, end: stamp + 5, before, flushed: false }
}

fn change(threshold: u64, begun: u64, returned: u64) -> Change {
    Change { threshold, begun, returned }
}

impl History {
    fn new(runs: &[(Run, [u64; 2])]) -> Self {
        Self {
            before: None,
            runs: runs.to_vec(),
            changes: vec![change(THRESHOLD, 10, 20)],
            testimonies: vec![Testimony::new(0, 2), Testimony::new(1, 2)],
            overlaps: 0,
            left: State::NEW,
        }
    }

    /// Three runs, one at each end of a window.
    fn good() -> Self {
        let runs =
            [(run(100_000, 0), [1, 0]), (run(110_000, 100_000), [1, 2]), (run(125_000, 110_000), [4, 3])];
        Self::new(&runs)
    }

    /// Thread 1 was promised that a run after `epoch` covers call `number`.
    fn told(mut self, epoch: u64, number: u64, called: u64) -> Self {
        self.testimonies[1].promised(Promise { epoch, number, called, vague: false });
        self
    }

    fn cancelled(mut self, epoch: u64, at: u64) -> Self {
        self.testimonies[0].cancelled = Some((epoch, at));
        self.with(&[Event::Cancel])
    }

    fn with(mut self, events: &[Event]) -> Self {
        events.iter().for_each(|&event| self.testimonies[0].tally.add(event));
        self
    }

    fn left(self, word: u64) -> Self {
        Self { left: State::from_word(word), ..self }
    }

    fn judge(&self) -> Verdict {
        let mut log = RunLog::new(2);
        self.runs.iter().for_each(|(run, seen)| {
            log.push(*run, seen);
        });
        judge(&Round {
            before: self.before,
            log: &log,
            changes: &self.changes,
            testimonies: &self.testimonies,
            overlaps: self.overlaps,
            left: self.left,
        })
    }

    fn broken(&self) -> Vec<&'static str> {
        self.judge().broken.iter().map(|broken| broken.guarantee).collect()
    }
}

#[test]
fn accepts_a_good_round() {
    let history =
        History::good().told(100_000, 1, 100_100).told(100_000, 2, 100_200).told(110_000, 3, 111_000);
    let verdict = history.judge();
    assert_eq!(verdict.broken, []);
    assert_eq!((verdict.runs, verdict.spaced, verdict.covered), (3, 2, 2));
}

#[test]
fn g1_a_gap_below_the_threshold() {
    let runs = |stamp| History::new(&[(run(100_000, 0), [0, 0]), (run(stamp, 100_000), [0, 0])]);
    assert_eq!(runs(109_999).broken(), ["G1"]);
    assert_eq!(runs(110_000).broken(), [""; 0]);
}

#[test]
fn g1_a_gap_to_the_round_before() {
    let history = |stamp| History {
        before: Some(run(90_000, 0)),
        changes: vec![change(THRESHOLD, 95_000, 95_100)],
        ..History::new(&[(run(stamp, 90_000), [0, 0])])
    };
    assert_eq!(history(99_999).broken(), ["G1"]);
    assert_eq!(history(100_000).broken(), [""; 0]);
}

#[test]
fn g1_a_flushed_run_may_start_early_and_opens_a_window() {
    let history = |third| {
        let flushed = Run { flushed: true, ..run(101_000, 100_000) };
        let runs = [(run(100_000, 0), [0, 0]), (flushed, [0, 0]), (run(third, 101_000), [0, 0])];
        History::new(&runs).broken()
    };
    assert_eq!(history(111_000), [""; 0]);
    assert_eq!(history(110_999), ["G1"]);
}

#[test]
fn g1_a_change_in_flight_allows_either_threshold_until_it_is_settled() {
    let history = |begun: u64, second: u64| History {
        changes: vec![change(500, 10, 20), change(THRESHOLD, begun, begun + 100)],
        ..History::new(&[(run(100_000, 0), [0, 0]), (run(second, 100_000), [0, 0])])
    };
    assert_eq!(history(100_200, 100_600).broken(), [""; 0], "changed in the window");
    assert_eq!(history(99_950, 100_600).broken(), [""; 0], "the change returned in the window");
    assert_eq!(history(99_000, 100_600).broken(), [""; 0], "it is not settled yet");
    assert_eq!(history(98_800, 100_600).broken(), ["G1"], "it was settled before the window began");
    assert_eq!(history(100_200, 100_499).broken(), ["G1"], "below both");
}

#[test]
fn g1_changes_that_overlap_are_both_in_force() {
    let history = |last| History {
        changes: vec![change(500, 10, 50), change(THRESHOLD, 40, 90), change(THRESHOLD, last, last + 10)],
        ..History::new(&[(run(100_000, 0), [0, 0]), (run(100_600, 100_000), [0, 0])])
    };
    assert_eq!(history(99_500).broken(), [""; 0], "nobody knows which of the first two came last");
    assert_eq!(history(60).broken(), ["G1"], "the third came after the first");
}

#[test]
fn g1_a_stamp_that_was_made_up() {
    let early = Run { inside: 100_500, end: 100_600, ..run(110_000, 100_000) };
    assert_eq!(History::new(&[(run(100_000, 0), [0, 0]), (early, [0, 0])]).broken(), ["G1"]);

    let standing = |stamp, before| Run { inside: 100_000, end: 100_000, ..run(stamp, before) };
    let runs = [(standing(100_000, 0), [0, 0]), (standing(100_001, 100_000), [0, 0])];
    let history = History { changes: vec![change(0, 10, 20)], ..History::new(&runs) };
    assert_eq!(history.broken(), [""; 0], "a clock that stands");
}

#[test]
fn g2_runs_that_overlap() {
    assert_eq!(History { overlaps: 1, ..History::good() }.broken(), ["G2"], "by the count");

    let mut history = History::good();
    history.runs[0].0.end = 110_004;
    assert_eq!(history.broken(), ["G2"], "by the clock");

    let mut history = History::good();
    history.runs[1].0.before = 0;
    assert_eq!(history.broken(), ["G2"], "a run that did not see what the one before had left");

    let mut history = History::good();
    history.changes[0].threshold = 0;
    history.runs[1].0 = Run { inside: 110_003, end: 110_005, ..run(100_000, 100_000) };
    assert_eq!(history.broken(), ["G2", "G2"], "two runs of one epoch");
    evidence::caught("runs that overlap", "soak: in four planted histories");
}

#[test]
fn g3_a_lost_update() {
    let history = History::good().told(100_000, 3, 100_100);
    assert_eq!(history.broken(), ["G3"], "a later run does not make up for the one that was promised");
    assert_eq!(
        History::good().told(100_000, 3, 100_100).cancelled(200_000, 200_000).broken(),
        ["G3"],
        "nor does a cancel excuse a run that came"
    );
}

#[test]
fn g3_a_run_that_never_came() {
    let lost = || History::good().told(125_000, 4, 125_100);
    assert_eq!(lost().broken(), ["G3"]);
    assert_eq!(lost().cancelled(125_000, 125_099).broken(), ["G3"], "cancelled before the call");
    assert_eq!(lost().cancelled(110_000, 125_200).broken(), ["G3"], "cancelled in another epoch");
    let verdict = lost().cancelled(125_000, 125_200).judge();
    assert_eq!((verdict.broken.len(), verdict.cancelled), (0, 1));
    evidence::caught("a call that no run covers", "soak: in five planted histories");
}

#[test]
fn g3_a_vague_promise_decides_only_by_a_run_that_came() {
    let vague = |epoch, number| {
        let mut history = History::good();
        history.testimonies[1].promised(Promise { epoch, number, called: 99_000, vague: true });
        history.judge()
    };
    let verdict = vague(125_000, 4);
    assert_eq!((verdict.broken.len(), verdict.vague), (0, 1));
    assert_eq!(vague(110_000, 4).broken.len(), 1);
}

#[test]
fn g4_an_owner_that_left() {
    assert_eq!(History::good().left(0b010).broken(), ["G4"], "pending");
    assert_eq!(History::good().left(0b100).broken(), ["G4"], "cancelled");
    assert_eq!(History::good().left(0b110).broken(), [""; 0], "owed");
    evidence::caught("a deferral without an owner", "soak: in two planted histories");
}

#[test]
fn g4_an_owner_that_nobody_cancelled() {
    use Event::{Cancel, Cancelled};
    assert_eq!(History::good().with(&[Cancelled]).broken(), ["G4"]);
    assert_eq!(History::good().with(&[Cancelled, Cancelled, Cancel]).broken(), ["G4"]);
    assert_eq!(History::good().with(&[Cancelled, Cancel, Cancel]).broken(), [""; 0]);
}

#[test]
fn g6_a_run_that_nobody_performs_and_a_panic_that_did_not_arrive() {
    assert_eq!(History::good().left(0b001).broken(), ["G6"]);
    assert_eq!(History::good().with(&[Event::Thrown]).broken(), ["G6"]);
    assert_eq!(History::good().with(&[Event::Thrown, Event::Caught]).broken(), [""; 0]);
    evidence::caught("a run that never ends", "soak: in a planted history");
}

#[test]
fn waits_that_were_told_what_nobody_did() {
    use Event::{Cancel, Owed, WaitCancelled, WaitOwed};
    assert_eq!(History::good().with(&[WaitCancelled]).broken(), ["G3"]);
    assert_eq!(History::good().with(&[WaitCancelled, Cancel]).broken(), [""; 0]);
    assert_eq!(History::good().with(&[WaitOwed]).broken(), ["G3"]);
    assert_eq!(History::good().with(&[WaitOwed, Owed]).broken(), [""; 0]);
}

#[test]
fn what_must_never_be() {
    for (event, guarantee, _) in super::NEVER {
        assert_eq!(History::good().with(&[event]).broken(), [guarantee], "{event:?}");
    }
}
