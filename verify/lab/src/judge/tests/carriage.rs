//! G10: what runs were given, and what was left. G3: runs that failed.

use super::{Planted, run};
use crate::record::{Brought, Carried, Heard, Kind, Run, Span, Spans};
use evidence::Guarantee::{G3, G10};
use evidence::caught;

/// The second of these runs has failed, and the third was to make up for it.
fn failed(third: Option<u64>) -> Planted {
    let first = (run(100_000, 0), [0, 0]);
    let second = (Run { has_failed: true, ..run(110_000, 100_000) }, [0, 2]);
    let third = third.map(|seen| (run(125_000, 110_000), [0, seen]));
    Planted::new(&[first, second].into_iter().chain(third).collect::<Vec<_>>())
}

#[test]
fn g3_a_run_that_failed_covers_nobody() {
    let told = |third| failed(third).told(100_000, 2, 101_000);
    assert_eq!(told(Some(2)).broken(), [], "it was tried again");
    assert_eq!(told(None).broken(), [G3], "nobody made up for it");
    assert_eq!(told(None).cancelled(110_000, 120_000).broken(), [], "it was given up");
    assert_eq!(told(None).cancelled(100_000, 120_000).broken(), [G3], "another one was given up");
    caught("a run that failed, and is not tried again", "soak: in a planted history (G3)");
}

#[test]
fn g3_a_wait_that_ended_with_a_run_that_failed() {
    let heard = |at| {
        let mut planted = failed(Some(2)).told(100_000, 2, 101_000);
        planted.testimonies[1].heard.push(Heard { epoch: 100_000, number: 2, at });
        planted.broken()
    };
    assert_eq!(heard(125_005), []);
    assert_eq!(heard(120_000), [G3]);
    caught("a ticket that is told of a run that is tried again", "soak: in a planted history (G3)");
}

/// Thread 1 makes two calls before the second run, and one before the third.
fn carrying(given: [Carried; 3], remaining: Carried) -> Planted {
    let mut planted = Planted::of(&[(100_000, 1), (110_000, 3), (125_000, 4)])
        .told(90_000, 1, 91_000)
        .told(100_000, 3, 105_000)
        .told(110_000, 4, 115_000)
        .called(&[Kind::Taken; 4]);
    planted.given = given.into();
    planted.end.remaining = Some(remaining);
    planted
}

fn counts(given: [u64; 3], left: u64) -> Vec<evidence::Guarantee> {
    carrying(given.map(Carried::Count), Carried::Count(left)).broken()
}

#[test]
fn g10_a_sum_that_is_not_that_of_the_calls() {
    assert_eq!(counts([1, 2, 1], 0), []);
    assert_eq!(counts([1, 1, 1], 1), [], "the rest is left");
    assert_eq!(counts([1, 1, 1], 0), [G10], "a call is lost");
    assert_eq!(counts([1, 2, 1], 1), [G10], "a call comes twice");
    assert_eq!(counts([2, 1, 1], 0), [G10], "one is told of before it was made");
    assert_eq!(counts([1, 3, 0], 0), [G10, G10], "a run is told of none");
    let mut failed = carrying([1, 2, 3].map(Carried::Count), Carried::Count(0));
    failed.runs[1].0.has_failed = true;
    assert_eq!(failed.broken(), [], "one that failed puts back what it was told of");
    caught("a count that loses a call, or has one twice", "soak: in four planted histories (G10)");
}

fn newest(given: [u64; 3], left: Option<u64>) -> Planted {
    let value = |number| Brought::new(1, number);
    carrying(given.map(|number| Carried::Newest(Some(value(number)))), Carried::Newest(left.map(value)))
}

#[test]
fn g10_a_value_that_is_not_the_newest() {
    assert_eq!(newest([1, 3, 4], None).broken(), []);
    assert_eq!(newest([1, 2, 4], None).broken(), [G10], "a newer one was brought before");
    assert_eq!(newest([1, 3, 3], None).broken(), [G10], "it was given before");
    assert_eq!(newest([1, 3, 4], Some(4)).broken(), [G10], "it is there as well");
    let mut failed = newest([1, 3, 4], None);
    failed.runs[1].0.has_failed = true;
    assert_eq!(failed.broken(), [], "a newer one replaces that of a run that failed");
    let mut older = newest([1, 3, 3], None);
    older.runs[1].0.has_failed = true;
    assert_eq!(older.broken(), [G10], "that of a run that failed replaces a newer one");

    // Thread 0 has returned before thread 1 calls.
    let mut of_two = newest([1, 3, 4], None);
    of_two.testimonies[0].promised(100_000, 7, 101_000, 102_000);
    of_two.runs[1..].iter_mut().for_each(|(_, seen)| seen[0] = 7);
    assert_eq!(of_two.broken(), []);
    of_two.given[1] = Carried::Newest(Some(Brought::new(0, 7)));
    assert_eq!(of_two.broken(), [G10], "another thread has brought a newer one");
    caught("a value that is older than the newest", "soak: in five planted histories (G10)");
}

fn all(given: [&[(u64, u64)]; 3], left: &[(u64, u64)]) -> Planted {
    let spans = |spans: &[(u64, u64)]| {
        Carried::All(Spans(spans.iter().map(|&(first, last)| Span { caller: 1, first, last }).collect()))
    };
    carrying(given.map(spans), spans(left))
}

#[test]
fn g10_values_that_are_lost_or_come_twice() {
    assert_eq!(all([&[(1, 1)], &[(2, 3)], &[(4, 4)]], &[]).broken(), []);
    assert_eq!(all([&[(1, 1)], &[(3, 3)], &[(4, 4)]], &[]).broken(), [G10], "2 is lost");
    assert_eq!(all([&[(1, 1)], &[(1, 3)], &[(4, 4)]], &[]).broken(), [G10], "1 comes twice");
    assert_eq!(all([&[(1, 1)], &[(3, 3), (2, 2)], &[(4, 4)]], &[]).broken(), [G10, G10], "3 comes before 2");
    assert_eq!(all([&[(1, 1)], &[(2, 2)], &[(3, 4)]], &[]).broken(), [G10], "3 comes to a later run");
    assert_eq!(all([&[(1, 1)], &[(2, 3)], &[]], &[]).broken(), [G10, G10], "4 is lost at the end");
    assert_eq!(all([&[(1, 1)], &[(2, 3)], &[(4, 4)]], &[(4, 4)]).broken(), [G10], "4 is there as well");
    let failed = |third| {
        let mut planted = all([&[(1, 1)], &[(2, 3)], third], &[]);
        planted.runs[1].0.has_failed = true;
        planted.broken()
    };
    assert_eq!(failed(&[(2, 4)]), [], "those of a run that failed come again");
    assert_eq!(failed(&[(4, 4)]), [G10], "those of a run that failed are lost");
    caught("a value that is lost, or is given twice", "soak: in seven planted histories (G10)");
}

/// Of keys a cancel drops what no run was given: some may be missing then, and nothing else.
#[test]
fn g10_a_cancel_of_a_key_drops_values() {
    let judged = |mut planted: Planted, drops| {
        planted.cancels_drop = drops;
        planted.cancelled(100_000, 105_500).broken()
    };
    let missing = || all([&[(1, 1)], &[(3, 3)], &[(4, 4)]], &[]);
    assert_eq!(judged(missing(), true), [], "2 was dropped");
    assert_eq!(judged(missing(), false), [G10], "this front end keeps it");
    let mut nobody = missing();
    nobody.cancels_drop = true;
    assert_eq!(nobody.broken(), [G10], "nobody has cancelled");
    assert_eq!(judged(all([&[(1, 1)], &[(1, 3)], &[(4, 4)]], &[]), true), [G10], "1 comes twice");
    assert_eq!(judged(all([&[(1, 1)], &[(2, 4)], &[]], &[]), true), [G10], "4 comes before its run");
    let counted = |given: [u64; 3]| judged(carrying(given.map(Carried::Count), Carried::Count(0)), true);
    assert_eq!(counted([1, 1, 1]), [], "a call was given up");
    assert_eq!(counted([1, 2, 2]), [G10, G10], "a call comes twice");
    caught("a value that a cancel of a key excuses wrongly", "soak: in four planted histories (G10)");
}
