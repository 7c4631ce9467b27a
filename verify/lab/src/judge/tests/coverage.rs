//! G3: promises, waits, dropped futures, counts.

use super::{Planted, run};
use crate::record::{Cancel, DroppedCall, Event, Heard, Kind, Run};
use atomic_throttle::state::DeferralStatus;
use evidence::Guarantee::{G3, G4, G5};
use evidence::caught;

#[test]
fn g3_a_lost_update() {
    let planted = || Planted::good().told(100_000, 3, 100_100);
    assert_eq!(planted().broken(), [G3], "a later run does not make up for the one that was promised");
    assert_eq!(planted().judge().uncovered, 1);
    let cancelled = planted().cancelled(200_000, 200_000);
    assert_eq!(cancelled.broken(), [G3], "nor does a cancel excuse a run that came");
}

#[test]
fn g3_a_run_that_never_came() {
    let lost = || Planted::good().told(125_000, 3, 125_100);
    assert_eq!(lost().broken(), [G3], "the run of its own epoch started before the call");
    assert_eq!(lost().cancelled(125_000, 125_099).broken(), [G3], "cancelled before the call");
    assert_eq!(lost().cancelled(110_000, 125_200).broken(), [G3], "cancelled in another epoch");
    let verdict = lost().cancelled(125_000, 125_200).judge();
    assert_eq!((verdict.broken.len(), verdict.cancelled), (0, 1));
    caught("a call that no run covers", "soak: in five planted histories");
}

#[test]
fn g3_a_cancel_excuses_what_was_called_before_it() {
    let planted = Planted::good().told(125_000, 4, 125_100).cancelled(125_000, 125_200);
    assert_eq!(planted.broken(), []);
    assert_eq!(planted.told(125_000, 5, 125_300).broken(), [G3]);
}

#[test]
fn g3_what_is_visibly_still_to_come_is_not_lost() {
    for (left, events, expected) in [
        (DeferralStatus::Pending, &[][..], [G4].as_slice()),
        (DeferralStatus::Owed, &[], &[G5]),
        (DeferralStatus::Owed, &[Event::Owed], &[]),
    ] {
        let verdict = Planted::good().told(125_000, 4, 125_100).left(left).with(events).judge();
        let broken: Vec<_> = verdict.broken.iter().map(|broken| broken.guarantee).collect();
        assert_eq!((broken.as_slice(), verdict.still_owed), (expected, 1), "{left:?} {events:?}");
    }
}

/// The call was made at 101,000 and had returned at 111,000; the run at 110,000 came in between.
#[test]
fn g3_a_promise_without_an_epoch_is_kept_by_a_run_before_its_return_or_by_the_next() {
    let told = |runs: &[_], number| {
        let mut planted = Planted::of(runs);
        planted.testimonies[1].promised_vaguely(100_000, 111_000, number, 101_000, 111_000);
        planted
    };
    let before = [(100_000, 0), (110_000, 3)];
    let kept = told(&before, 3).judge();
    assert_eq!((kept.broken.len(), kept.longest_delay), (0, 9000));
    assert_eq!(told(&before, 4).broken(), [G3], "no run came for it");
    for (seen, expected) in [(4, vec![]), (3, vec![G3])] {
        let after = [before[0], before[1], (120_000, seen)];
        assert_eq!(told(&after, 4).broken(), expected, "it is covered by the next run");
    }
    let after = [before[0], before[1], (120_000, 3), (130_000, 4)];
    assert_eq!(told(&after, 4).broken(), [G3], "a later run does not make up for the next");

    let cancelled = |at| told(&before, 4).cancelled(110_000, at).judge();
    assert_eq!((cancelled(101_001).broken.len(), cancelled(101_001).cancelled), (0, 1));
    assert_eq!(cancelled(101_000).broken.len(), 1, "cancelled before the call");
}

#[test]
fn g3_a_wait_that_ended_before_the_run() {
    let heard = |number, at| {
        let mut planted = Planted::of(&[(100_000, 0), (110_000, 1), (120_000, 2)]);
        planted.testimonies[1].heard.push(Heard { epoch: 100_000, number, at });
        planted.broken()
    };
    assert_eq!(heard(1, 110_005), []);
    assert_eq!(heard(1, 110_004), [G3], "it had not ended");
    assert_eq!(heard(2, 120_004), [G3], "the one that had ended had not seen the call");
    assert_eq!(heard(2, 120_005), []);

    let mut planted = Planted::of(&[(100_000, 0), (110_000, 1)]);
    planted.testimonies[1].heard.push(Heard { epoch: 110_000, number: 1, at: 200_000 });
    assert_eq!(planted.broken(), [G3], "there was no such run");
}

#[test]
fn g3_a_call_that_was_lost_with_its_future() {
    for (number, expected) in [(1, vec![]), (2, vec![G3])] {
        let mut planted = Planted::of(&[(100_000, 0), (110_000, 1)]);
        planted.testimonies[1].unheard = Some(DroppedCall { number, called: 111_000 });
        assert_eq!(planted.broken(), expected, "call {number}");
        planted.testimonies[0].cancelled(Cancel { epoch: 110_000, at: 111_001 });
        assert_eq!(planted.broken(), [], "it may have been cancelled");
    }
}

#[test]
fn g3_counts_that_do_not_agree_with_the_calls() {
    let judge = |counts: [u64; 2], seen: [u64; 2], taken: usize, cancels: &[Event]| {
        let runs = [(run(100_000, 0), counts[0], seen[0]), (run(110_000, 100_000), counts[1], seen[1])];
        let runs = runs.map(|(run, calls, seen)| (Run { calls: Some(calls), ..run }, [0, seen]));
        Planted::new(&runs).called(&vec![Kind::Taken; taken]).with(cancels).broken()
    };
    assert_eq!(judge([1, 3], [1, 4], 4, &[]), []);
    assert_eq!(judge([1, 3], [2, 4], 4, &[]), [], "what a run sees a later one may count");
    assert_eq!(judge([2, 2], [1, 4], 4, &[]), [G3], "it counts a call that it has not seen");
    assert_eq!(judge([1, 2], [1, 4], 4, &[]), [G3], "a call is in no run");
    assert_eq!(judge([1, 2], [1, 4], 4, &[Event::Cancel]), [], "it may have been cancelled");
    assert_eq!(judge([1, 3], [1, 4], 3, &[Event::Cancel]), [G3], "a call is in two runs");
}

#[test]
fn g3_waits_that_were_told_what_nobody_did() {
    use Event::{Cancel, Owed, WaitCancelled, WaitOwed};
    for (told, done) in [(WaitCancelled, Cancel), (WaitOwed, Owed)] {
        assert_eq!(Planted::good().with(&[told]).broken(), [G3]);
        assert_eq!(Planted::good().with(&[told, done]).broken(), []);
        let mut planted = Planted::good().with(&[told]);
        planted.elsewhere.add(done);
        assert_eq!(planted.broken(), [], "a wait for all keys");
    }
}
