//! The judge accepts what a throttle may do, and rejects each planted fault.

use super::super::record::{DroppedCall, Heard, Kind, Run, RunLog, Testimony, add};
use super::{StormEnd, Verdict, judge};

const THRESHOLD: u64 = 100;
const QUIET: StormEnd = StormEnd { still_owed: false, overlaps: 0 };

fn run(stamp: u64) -> Run {
    Run { stamp, inside: stamp + 3, end: stamp + 5, flushed: false, calls: None }
}

fn log(runs: &[(Run, [u64; 2])]) -> RunLog {
    let mut log = RunLog::new(2, 0, 1, 1 << 20);
    for (run, seen) in runs {
        log.push(*run, seen);
    }
    log
}

/// Thread 1 got these promises: (epoch, number, called).
fn told(promises: &[(u64, u64, u64)]) -> Vec<Testimony> {
    let mut testimony = Testimony::new(1);
    for &(epoch, number, called) in promises {
        testimony.promised(epoch, number, called);
    }
    vec![Testimony::new(0), testimony]
}

fn broken(verdict: &Verdict) -> Vec<&str> {
    verdict.broken.iter().map(|broken| broken.guarantee).collect()
}

#[test]
fn accepts_a_good_storm() {
    let log = log(&[(run(1000), [1, 0]), (run(1100), [1, 2]), (run(1350), [4, 3])]);
    let verdict = judge(&log, &told(&[(1000, 1, 1010), (1000, 2, 1020), (1100, 3, 1200)]), THRESHOLD, &QUIET);
    assert_eq!(broken(&verdict), [""; 0]);
    assert_eq!((verdict.runs, verdict.uncovered), (3, 0));
    assert_eq!(verdict.shortest_gap, Some(100));
    assert_eq!(verdict.longest_delay, 150);
}

#[test]
fn rejects_a_gap_below_the_threshold() {
    let log = log(&[(run(1000), [1, 0]), (run(1099), [2, 0])]);
    let verdict = judge(&log, &told(&[]), THRESHOLD, &QUIET);
    assert_eq!(broken(&verdict), ["G1"]);
    assert_eq!(verdict.shortest_gap, Some(99));
}

#[test]
fn a_short_gap_inside_two_runs_decides_nothing() {
    let late = Run { inside: 1090, ..run(1000) };
    let log = log(&[(late, [1, 0]), (run(1100), [2, 0])]);
    let verdict = judge(&log, &told(&[]), THRESHOLD, &QUIET);
    assert_eq!(broken(&verdict), [""; 0]);
    assert_eq!(verdict.shortest_gap_inside, Some(13));
}

#[test]
fn a_flushed_run_may_start_early_and_opens_a_window() {
    let flushed = Run { flushed: true, ..run(1010) };
    let good = log(&[(run(1000), [1, 0]), (flushed, [2, 0]), (run(1110), [3, 0])]);
    assert_eq!(broken(&judge(&good, &told(&[]), THRESHOLD, &QUIET)), [""; 0]);
    let bad = log(&[(run(1000), [1, 0]), (flushed, [2, 0]), (run(1109), [3, 0])]);
    assert_eq!(broken(&judge(&bad, &told(&[]), THRESHOLD, &QUIET)), ["G1"]);
}

#[test]
fn rejects_a_stamp_that_was_made_up() {
    let early = Run { inside: 1001, ..run(1100) };
    let log = log(&[(run(1000), [1, 0]), (early, [2, 0])]);
    assert_eq!(broken(&judge(&log, &told(&[]), THRESHOLD, &QUIET)), ["G1"]);
}

#[test]
fn accepts_stamps_that_count_on_while_the_clock_stands() {
    let standing = |stamp| Run { inside: 1000, ..run(stamp) };
    let log = log(&[(standing(1000), [1, 0]), (standing(1001), [2, 0]), (standing(1002), [2, 0])]);
    assert_eq!(broken(&judge(&log, &told(&[]), 0, &QUIET)), [""; 0]);
}

#[test]
fn rejects_an_overlap() {
    let verdict = judge(&log(&[]), &told(&[]), THRESHOLD, &StormEnd { overlaps: 1, ..QUIET });
    assert_eq!(broken(&verdict), ["G2"]);
}

#[test]
fn rejects_a_lost_update() {
    let log = log(&[(run(1000), [1, 0]), (run(1100), [1, 1]), (run(1200), [1, 2])]);
    let verdict = judge(&log, &told(&[(1000, 2, 1010)]), THRESHOLD, &QUIET);
    assert_eq!(broken(&verdict), ["G3"], "a later run does not make up for the one that was promised");
    assert_eq!(verdict.uncovered, 1);
}

#[test]
fn rejects_a_run_that_never_came() {
    let log = log(&[(run(1000), [1, 9])]);
    let promised = told(&[(1000, 1, 1010)]);
    let verdict = judge(&log, &promised, THRESHOLD, &QUIET);
    assert_eq!(broken(&verdict), ["G3"], "the run of its own epoch started before the call");

    let verdict = judge(&log, &promised, THRESHOLD, &StormEnd { still_owed: true, ..QUIET });
    assert_eq!(
        (broken(&verdict), verdict.still_owed),
        (vec!["G5"], 1),
        "nobody performs it, but it is not lost"
    );
}

#[test]
fn a_cancel_excuses_what_was_called_before_it() {
    let log = log(&[(run(1000), [1, 0])]);
    let mut promised = told(&[(1000, 1, 1010)]);
    promised[0].cancels = 1;
    promised[0].cancelled_at = 1020;
    let verdict = judge(&log, &promised, THRESHOLD, &QUIET);
    assert_eq!((broken(&verdict).len(), verdict.cancelled), (0, 1));

    promised[1].promised(1000, 2, 1030);
    assert_eq!(broken(&judge(&log, &promised, THRESHOLD, &QUIET)), ["G3"]);
}

#[test]
fn a_cancel_does_not_excuse_a_run_that_came_and_missed_it() {
    let log = log(&[(run(1000), [1, 0]), (run(1100), [1, 0])]);
    let mut promised = told(&[(1000, 1, 1010)]);
    promised[0].cancels = 1;
    promised[0].cancelled_at = 1200;
    assert_eq!(broken(&judge(&log, &promised, THRESHOLD, &QUIET)), ["G3"]);
}

#[test]
fn rejects_a_call_that_was_not_taken() {
    let mut testimonies = told(&[]);
    add(&mut testimonies[0].times[Kind::NotTaken as usize], 1);
    assert_eq!(broken(&judge(&log(&[]), &testimonies, THRESHOLD, &QUIET)), ["G6"]);
}

#[test]
fn rejects_a_wait_that_ended_before_the_run() {
    let log = log(&[(run(1000), [0, 0]), (run(1100), [0, 1])]);
    for (at, expected) in [(1105, vec![]), (1104, vec!["G3"])] {
        let mut testimonies = told(&[(1000, 1, 1010)]);
        testimonies[1].heard.push(Heard { epoch: 1000, number: 1, at });
        assert_eq!(broken(&judge(&log, &testimonies, THRESHOLD, &QUIET)), expected, "at {at}");
    }
    let mut testimonies = told(&[]);
    testimonies[1].heard.push(Heard { epoch: 1100, number: 1, at: 2000 });
    assert_eq!(broken(&judge(&log, &testimonies, THRESHOLD, &QUIET)), ["G3"], "there was no such run");
}

#[test]
fn a_promise_without_an_epoch_is_kept_by_a_run_before_its_return_or_by_the_next() {
    // Told at 1110, by a call made at 1010; the run at 1100 came in between.
    let told = |number| {
        let mut testimonies = told(&[]);
        testimonies[1].promised_vaguely(1000, 1110, number, 1010);
        testimonies
    };
    let judge = |runs: &[_], number| judge(&log(runs), &told(number), THRESHOLD, &QUIET);
    let before = [(run(1000), [0, 0]), (run(1100), [0, 3])];
    let kept = judge(&before, 3);
    assert_eq!((broken(&kept), kept.longest_delay), (vec![], 90));
    assert_eq!(broken(&judge(&before, 4)), ["G3"], "no run came for it");
    for (seen, expected) in [(4, vec![]), (3, vec!["G3"])] {
        let after = [before[0], before[1], (run(1200), [0, seen])];
        assert_eq!(broken(&judge(&after, 4)), expected, "a later run does not make up for the next");
    }
    let after = [before[0], before[1], (run(1200), [0, 3]), (run(1300), [0, 4])];
    assert_eq!(broken(&judge(&after, 4)), ["G3"]);

    let mut cancelled = told(4);
    (cancelled[0].cancels, cancelled[0].cancelled_at) = (1, 1020);
    assert_eq!(super::judge(&log(&before), &cancelled, THRESHOLD, &QUIET).cancelled, 1);
    cancelled[0].cancelled_at = 1010;
    assert_eq!(broken(&super::judge(&log(&before), &cancelled, THRESHOLD, &QUIET)), ["G3"]);
}

#[test]
fn rejects_counts_that_do_not_agree_with_the_calls() {
    let judge = |counts: [u64; 2], seen: [u64; 2], taken: u64, cancels| {
        let runs = [(1000, counts[0], seen[0]), (1100, counts[1], seen[1])]
            .map(|(stamp, calls, seen)| (Run { calls: Some(calls), ..run(stamp) }, [0, seen]));
        let mut testimonies = told(&[]);
        (0..taken).for_each(|_| add(&mut testimonies[1].times[Kind::Taken as usize], 1));
        testimonies[0].cancels = cancels;
        judge(&log(&runs), &testimonies, THRESHOLD, &QUIET)
    };
    assert_eq!(broken(&judge([1, 3], [1, 4], 4, 0)), [""; 0]);
    assert_eq!(broken(&judge([1, 3], [2, 4], 4, 0)), [""; 0], "what a run sees a later one may count");
    assert_eq!(broken(&judge([2, 2], [1, 4], 4, 0)), ["G3"], "it counts a call that it has not seen");
    assert_eq!(broken(&judge([1, 2], [1, 4], 4, 0)), ["G3"], "a call is in no run");
    assert_eq!(broken(&judge([1, 2], [1, 4], 4, 1)), [""; 0], "it may have been cancelled");
    assert_eq!(broken(&judge([1, 3], [1, 4], 3, 1)), ["G3"], "a call is in two runs");
}

#[test]
fn rejects_a_wait_whose_run_had_not_seen_the_call() {
    let log = log(&[(run(1000), [0, 0]), (run(1100), [0, 1]), (run(1200), [0, 2])]);
    for (number, at, expected) in [(1, 1105, vec![]), (2, 1204, vec!["G3"]), (2, 1205, vec![])] {
        let mut testimonies = told(&[]);
        testimonies[1].heard.push(Heard { epoch: 1000, number, at });
        assert_eq!(broken(&judge(&log, &testimonies, THRESHOLD, &QUIET)), expected, "{number} at {at}");
    }
}

#[test]
fn rejects_a_call_that_was_lost_with_its_future() {
    let log = log(&[(run(1000), [0, 0]), (run(1100), [0, 1])]);
    for (number, expected) in [(1, vec![]), (2, vec!["G3"])] {
        let mut testimonies = told(&[]);
        testimonies[1].unheard = Some(DroppedCall { number, called: 1110 });
        assert_eq!(broken(&judge(&log, &testimonies, THRESHOLD, &QUIET)), expected, "call {number}");
        (testimonies[0].cancels, testimonies[0].cancelled_at) = (1, 1111);
        assert_eq!(
            broken(&judge(&log, &testimonies, THRESHOLD, &QUIET)),
            [""; 0],
            "it may have been cancelled"
        );
    }
}

#[test]
fn several_throttles_are_judged_each_by_itself() {
    // Runs of different keys may be close together; in the second one of the two is blind.
    let good = judge(
        &log(&[(run(1000), [1, 0]), (run(1100), [1, 1])]),
        &told(&[(1000, 1, 1010)]),
        THRESHOLD,
        &QUIET,
    );
    let bad = judge(
        &log(&[(run(1001), [1, 0]), (run(1150), [1, 0])]),
        &told(&[(1001, 1, 1010)]),
        THRESHOLD,
        &QUIET,
    );
    let all = Verdict::of_all([good, bad].into_iter());
    assert_eq!(broken(&all), ["G3"]);
    assert!(all.broken[0].how.starts_with("key 2: "), "{}", all.broken[0].how);
    assert_eq!((all.runs, all.shortest_gap, all.uncovered, all.longest_delay), (4, Some(100), 1, 140));
}

#[test]
fn rejects_an_owner_that_nobody_cancelled() {
    let mut testimonies = told(&[]);
    add(&mut testimonies[0].times[Kind::Cancelled as usize], 1);
    assert_eq!(broken(&judge(&log(&[]), &testimonies, THRESHOLD, &QUIET)), ["G3"]);
    testimonies[1].cancels = 1;
    assert_eq!(broken(&judge(&log(&[]), &testimonies, THRESHOLD, &QUIET)), [""; 0]);
}

#[test]
fn rejects_an_owner_that_left_and_a_run_that_saw_nothing() {
    let mut testimonies = told(&[]);
    add(&mut testimonies[0].times[Kind::Owed as usize], 1);
    testimonies[0].blind = 1;
    assert_eq!(broken(&judge(&log(&[]), &testimonies, THRESHOLD, &QUIET)), ["G3", "G3"]);
}
