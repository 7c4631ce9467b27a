//! The pace: runs that start too soon, and runs that are held too long.

use super::{Planted, run};
use crate::judge::{Pace, Paced};
use crate::record::{Cancel, Run};
use evidence::Guarantee::{self, G1, G5};
use evidence::caught;

/// Thread 1 calls at these times, and a run comes at this one.
fn broken(pace: Pace, calls: &[u64], stamp: u64, change: impl FnOnce(&mut Planted)) -> Vec<Guarantee> {
    let last = calls.len() as u64;
    let mut planted = Planted::of(&[(100_000, 0), (stamp, last)]);
    for (number, &called) in (1..).zip(calls) {
        planted = planted.told(100_000, number, called);
    }
    planted.paced = Some(Paced { pace, overdue: 1_000_000 });
    change(&mut planted);
    planted.broken()
}

#[test]
fn a_run_before_its_delay_is_over() {
    let delay =
        |stamp, change: fn(&mut Planted)| broken(Pace::Delay(20_000), &[101_000, 120_000], stamp, change);
    assert_eq!(delay(121_000, |_| ()), []);
    assert_eq!(delay(120_999, |_| ()), [G1]);
    assert_eq!(delay(120_999, |planted| planted.runs[1].0.flushed = true), [], "a flush ends it");
    let is_tried_again = |planted: &mut Planted| {
        planted.runs[0].0 = Run { has_failed: true, ..run(100_000, 0) };
    };
    assert_eq!(delay(120_999, is_tried_again), [], "no delay holds what is tried again");
    caught("a run before its delay is over", "soak: in a planted history (G1)");
}

#[test]
fn a_run_before_the_quiet_time_is_over() {
    let pace = Pace::Debounce { quiet: 10_000, at_latest: 40_000 };
    let quiet = |calls: &[u64], stamp| broken(pace, calls, stamp, |_| ());
    assert_eq!(quiet(&[101_000], 111_000), []);
    assert_eq!(quiet(&[101_000], 110_999), [G1]);
    assert_eq!(quiet(&[101_000, 109_000], 119_000), []);
    assert_eq!(quiet(&[101_000, 109_000], 118_999), [G1], "the second call begins a quiet time");
    assert_eq!(quiet(&[101_000, 118_500], 119_000), [], "it may not have told its time yet");
    assert_eq!(quiet(&[101_000, 109_000, 135_000], 141_000), [], "at the latest");
    assert_eq!(quiet(&[101_000, 109_000, 135_000], 140_999), [G1]);
    caught("a run before its quiet time is over", "soak: in three planted histories (G1)");
}

/// The first call reads the clock, and then waits for the lock; the second one is cancelled meanwhile.
#[test]
fn what_was_cancelled_holds_no_run() {
    let pace = Pace::Debounce { quiet: 10_000, at_latest: 40_000 };
    let slow = |planted: &mut Planted| {
        planted.testimonies[0].promised(100_000, 1, 101_000, 109_000);
        planted.runs[1].1[0] = 1;
    };
    let cancelled = |planted: &mut Planted| {
        slow(planted);
        planted.testimonies[0].cancelled(Cancel { epoch: 100_000, at: 106_000 });
    };
    assert_eq!(broken(pace, &[105_000], 111_000, slow), [G1], "nobody cancels");
    assert_eq!(broken(pace, &[105_000], 111_000, cancelled), []);
    assert_eq!(broken(pace, &[105_000], 110_999, cancelled), [G1], "the slow call holds it");
    caught(
        "a run before the quiet time of what was not cancelled is over",
        "soak: in a planted history (G1)",
    );
}

#[test]
fn a_run_that_is_held_long_after_it_was_due() {
    let pace = Pace::Debounce { quiet: 10_000, at_latest: 40_000 };
    let calls: Vec<u64> = (0..300).map(|place| 101_000 + place * 5_000).collect();
    assert_eq!(broken(pace, &calls[..190], 1_101_000, |_| ()), []);
    assert_eq!(broken(pace, &calls, 1_601_000, |_| ()), [G5], "calls that never stop hold it");
    caught("a run that calls hold for ever", "soak: in a planted history (G5)");
}
