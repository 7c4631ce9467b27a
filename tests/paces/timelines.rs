//! Timelines that were recorded of `RxJS` 7 (`auditTime(100)`, `debounceTime(30)`) and lodash 4 (`throttle` and `debounce`
//! with `leading: false`, `maxWait: 100`), on fake timers. Where ours differ, the test says how.

use super::table::{every, play};

fn delayed(calls: &[u64]) -> Vec<(u64, u64)> {
    play(calls, 3000, 100, |builder| builder.delay(super::table::ms(100)))
}

fn debounced(calls: &[u64], at_latest: u64) -> Vec<(u64, u64)> {
    let ms = super::table::ms;
    play(calls, 3000, 0, |builder| builder.debounce(ms(30), ms(at_latest)))
}

#[test]
fn a_delay_of_a_threshold_is_audit_time() {
    assert_eq!(delayed(&[0]), [(100, 0)]);
    assert_eq!(delayed(&[0, 30]), [(100, 30)]);
    assert_eq!(delayed(&[0, 100]), [(100, 0), (200, 100)]);
    assert_eq!(delayed(&[0, 101]), [(100, 0), (201, 101)]);
    assert_eq!(delayed(&every(10, 250)), [(100, 90), (200, 190), (300, 250)]);
    assert_eq!(delayed(&[0, 10, 150, 160, 400, 401]), [(100, 10), (250, 160), (500, 401)]);
    let audit_time = [
        (100, 98),
        (205, 203),
        (310, 308),
        (415, 413),
        (520, 518),
        (625, 623),
        (730, 728),
        (835, 833),
        (940, 938),
        (1045, 994),
    ];
    assert_eq!(delayed(&every(7, 1000)), audit_time);
}

/// lodash counts from the run before, and a call that finds the wait over runs at once. Ours counts from the first call
/// that the run covers.
#[test]
fn a_delay_is_not_lodash_with_leading_false() {
    let lodash = [(100, 98), (203, 203), (303, 301), (406, 406)];
    let ours = delayed(&every(7, 1000));
    assert_eq!(ours[0], lodash[0]);
    assert_eq!(ours[1..4], [(205, 203), (310, 308), (415, 413)]);
    assert!(ours[1..4].iter().zip(&lodash[1..]).all(|(ours, lodash)| ours != lodash));
}

#[test]
fn a_debounce_that_is_never_bound_is_debounce_time() {
    assert_eq!(debounced(&[0], 1_000_000), [(30, 0)]);
    assert_eq!(debounced(&[0, 30], 1_000_000), [(30, 0), (60, 30)]);
    assert_eq!(debounced(&[0, 100], 1_000_000), [(30, 0), (130, 100)]);
    assert_eq!(debounced(&every(10, 250), 1_000_000), [(280, 250)]);
    assert_eq!(debounced(&[0, 10, 150, 160, 400, 401], 1_000_000), [(40, 10), (190, 160), (431, 401)]);
    assert_eq!(debounced(&every(7, 1000), 1_000_000), [(1024, 994)]);
}

/// lodash's `maxWait` counts from the run before, on a grid. Ours counts from the first call that the run covers.
#[test]
fn the_bound_of_a_debounce_is_not_max_wait() {
    let lodash = [(100, 98), (200, 196), (300, 294)];
    let ours = debounced(&every(7, 300), 100);
    assert_eq!(ours, [(100, 98), (205, 203), (310, 294)]);
    assert_eq!(ours[0], lodash[0]);
    // Where no calls come in between, they are the same.
    assert_eq!(debounced(&[0, 10, 150, 160, 400, 401], 100), [(40, 10), (190, 160), (431, 401)]);
}

/// Without a pace it is lodash's `throttle`, but for its two runs 50 ms apart: here G1 holds.
#[test]
fn without_a_pace_it_is_lodash_throttle_but_for_g1() {
    let ours = |calls: &[u64]| play(calls, 3000, 100, |builder| builder);
    assert_eq!(ours(&[0]), [(0, 0)]);
    assert_eq!(ours(&[0, 30]), [(0, 0), (100, 30)]);
    assert_eq!(ours(&[0, 101]), [(0, 0), (101, 101)]);
    assert_eq!(ours(&every(10, 250)), [(0, 0), (100, 90), (200, 190), (300, 250)]);
    let lodash = [(0, 0), (100, 10), (150, 150), (250, 160), (400, 400), (500, 401)];
    assert_eq!(lodash[2].0 - lodash[1].0, 50);
    assert_eq!(ours(&[0, 10, 150, 160, 400, 401]), [(0, 0), (100, 10), (200, 160), (400, 400), (500, 401)]);
}

/// G1 is stronger than the bound of a debounce.
#[test]
fn the_window_is_stronger_than_the_bound() {
    let ms = super::table::ms;
    let runs = play(&every(5, 1000), 2000, 400, |builder| builder.debounce(ms(30), ms(50)));
    assert_eq!(runs, [(50, 45), (450, 445), (850, 845), (1250, 1000)]);
}
