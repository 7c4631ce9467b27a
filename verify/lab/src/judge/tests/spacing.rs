//! G1 and G2.

use super::{Planted, THRESHOLD, change, run};
use crate::record::Run;
use evidence::Guarantee::{G1, G2};
use evidence::caught;

#[test]
fn g1_a_gap_below_the_threshold() {
    let runs = |stamp| Planted::of(&[(100_000, 0), (stamp, 0)]);
    assert_eq!(runs(109_999).broken(), [G1]);
    assert_eq!(runs(109_999).judge().shortest_gap, Some(9999));
    assert_eq!(runs(110_000).broken(), []);
    let from_the_first = |stamp| Planted { changes: vec![change(THRESHOLD, 0, 0)], ..runs(stamp) };
    assert_eq!(from_the_first(109_999).broken(), [G1], "a threshold that took no time to set");
}

#[test]
fn a_short_gap_inside_two_runs_decides_nothing() {
    let mut planted = Planted::of(&[(100_000, 0), (110_000, 0)]);
    planted.runs[0].0 = Run { inside: 109_000, end: 109_001, ..planted.runs[0].0 };
    let verdict = planted.judge();
    assert_eq!(verdict.broken, []);
    assert_eq!(verdict.shortest_gap_inside, Some(1003));
}

#[test]
fn g1_a_gap_to_the_storm_before() {
    let planted = |stamp| Planted {
        before: Some(run(90_000, 0)),
        changes: vec![change(THRESHOLD, 95_000, 95_100)],
        ..Planted::new(&[(run(stamp, 90_000), [0, 0])])
    };
    assert_eq!(planted(99_999).broken(), [G1]);
    assert_eq!(planted(100_000).broken(), []);
}

#[test]
fn g1_a_flushed_run_may_start_early_and_opens_a_window() {
    let planted = |third| {
        let mut planted = Planted::of(&[(100_000, 0), (101_000, 0), (third, 0)]);
        planted.runs[1].0.flushed = true;
        planted.broken()
    };
    assert_eq!(planted(111_000), []);
    assert_eq!(planted(110_999), [G1]);
}

#[test]
fn g1_a_change_in_flight_allows_either_threshold_until_it_is_settled() {
    let planted = |begun: u64, second: u64| Planted {
        changes: vec![change(500, 10, 20), change(THRESHOLD, begun, begun + 100)],
        ..Planted::of(&[(100_000, 0), (second, 0)])
    };
    assert_eq!(planted(100_200, 100_600).broken(), [], "changed in the window");
    assert_eq!(planted(99_950, 100_600).broken(), [], "the change returned in the window");
    assert_eq!(planted(99_000, 100_600).broken(), [], "it is not settled yet");
    assert_eq!(planted(98_800, 100_600).broken(), [G1], "it was settled before the window began");
    assert_eq!(planted(100_200, 100_499).broken(), [G1], "below both");
}

#[test]
fn g1_changes_that_overlap_are_both_in_force() {
    let planted = |last| Planted {
        changes: vec![change(500, 10, 50), change(THRESHOLD, 40, 90), change(THRESHOLD, last, last + 10)],
        ..Planted::of(&[(100_000, 0), (100_600, 0)])
    };
    assert_eq!(planted(99_500).broken(), [], "nobody knows which of the first two came last");
    assert_eq!(planted(60).broken(), [G1], "the third came after the first");
}

#[test]
fn g1_each_run_is_compared_with_the_thresholds_of_its_time() {
    let changes =
        vec![change(THRESHOLD, 10, 20), change(500, 105_000, 105_010), change(20_000, 130_000, 130_010)];
    let planted = |runs: &[_]| Planted { changes: changes.clone(), ..Planted::of(runs) };
    let good = planted(&[(100_000, 0), (110_000, 0), (110_500, 0), (140_000, 0), (160_000, 0)]);
    assert_eq!((good.broken(), good.judge().spaced), (vec![], 4));
    for bad in [[100_000, 104_000], [110_000, 110_499], [140_000, 159_999]] {
        assert_eq!(planted(&bad.map(|stamp| (stamp, 0))).broken(), [G1], "{bad:?}");
    }
    let of_nobody = Planted { changes: vec![], ..Planted::good() };
    assert_eq!(of_nobody.judge().spaced, 0, "without a threshold nothing is compared");
}

#[test]
fn g1_a_stamp_that_was_made_up() {
    let early = Run { inside: 100_500, end: 100_600, ..run(110_000, 100_000) };
    assert_eq!(Planted::new(&[(run(100_000, 0), [0, 0]), (early, [0, 0])]).broken(), [G1]);

    let standing = |stamp, before| (Run { inside: 100_000, end: 100_000, ..run(stamp, before) }, [0, 0]);
    let runs = [standing(100_000, 0), standing(100_001, 100_000), standing(100_002, 100_001)];
    let planted = Planted { changes: vec![change(0, 10, 20)], ..Planted::new(&runs) };
    assert_eq!(planted.broken(), [], "a clock that stands");
}

#[test]
fn g2_runs_that_overlap() {
    let mut planted = Planted::good();
    planted.end.overlaps = 1;
    assert_eq!(planted.broken(), [G2], "by the count");

    let mut planted = Planted::good();
    planted.runs[0].0.end = 110_004;
    assert_eq!(planted.broken(), [G2], "by the clock");

    let mut planted = Planted::good();
    planted.runs[1].0.before = 0;
    assert_eq!(planted.broken(), [G2], "a run that did not see what the one before had left");

    let mut planted = Planted::good();
    planted.changes[0].threshold = 0;
    planted.runs[1].0 = Run { inside: 110_003, end: 110_005, ..run(100_000, 100_000) };
    assert_eq!(planted.broken(), [G2, G2], "two runs of one epoch");
    caught("runs that overlap", "soak: in four planted histories");
}
