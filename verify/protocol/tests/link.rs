//! From configurations to numbers: the shipped transitions do in every number what the proof took them
//! to do in its representatives.

use atomic_throttle::{State, Threshold, Timestamp};
use evidence::Guarantee::{G1, G2, G3, G4, G8};
use evidence::{Check, depth};
use protocol::lease::World;
use protocol::link::{Compared, Numbers, Table, compare};
use protocol::transitions::{FLAGS, LAST_MAX, MAX, NEVER, SHIPPED, word};
use watchdog as _;

fn compared(numbers: &Numbers<'_>) -> Compared {
    compare(&SHIPPED, numbers).unwrap_or_else(|violation| panic!("{violation}"))
}

#[test]
fn at_small_widths() {
    let width = depth(16, 40);
    let check = Check::of(
        &[G1, G2, G3, G4],
        format!("enumeration: the step on configurations is the shipped one at every number below {width}"),
    );
    let small: Vec<u64> = (0..width).collect();
    let every = |_, _| small.clone();
    let compared = compared(&Numbers {
        lasts: &small,
        thresholds: &small,
        leases: &[],
        readings: &every,
        others: &every,
    });
    // Six events without a number of their own, four with one.
    let width = small.len();
    assert_eq!(compared.transitions, width.pow(3) * 8 * (6 + 4 * width));
    assert_eq!(compared.at_the_last_start_of_all, 0);
    check.passed(compared.transitions, "transitions");
}

#[test]
fn at_small_widths_with_a_lease() {
    let width = depth(8, 16);
    let check = Check::of(
        &[G1, G2, G3, G4],
        format!(
            "enumeration: the step on configurations is the one under a lease at every number below {width}"
        ),
    );
    let small: Vec<u64> = (0..width).collect();
    let every = |_, _| small.clone();
    let compared = compared(&Numbers {
        lasts: &small,
        thresholds: &small,
        leases: &small[1..],
        readings: &every,
        others: &every,
    });
    let width = small.len();
    // Without the three of a gate: five without a number of their own, two with one.
    assert_eq!(compared.transitions, width.pow(3) * (width - 1) * 8 * (5 + 2 * width));
    check.passed(compared.transitions, "transitions");
}

#[test]
fn at_the_edges_of_the_full_width_with_a_lease() {
    let check = Check::of(
        &[G1, G2, G3, G4, G8],
        "enumeration: the step on configurations is the one under a lease at the edges of the full width",
    );
    let compared = compared(&Numbers {
        lasts: &[0, 1, 2, 1_000, 1 << 32, MAX - 1, MAX, MAX + 1, LAST_MAX - 1, LAST_MAX],
        thresholds: &[0, 1, 1_000, 1 << 32, (1 << 59) + 1, MAX],
        leases: &[1, 2, 1_000, 1 << 32, (1 << 56) + 1, (1 << 59) + 1, MAX - 1, MAX],
        readings: &readings,
        others: &|last, threshold| vec![last, last ^ 1, last ^ 1 << 60, last + threshold, NEVER],
    });
    assert!(compared.at_the_last_start_of_all > 0);
    check.passed(compared.transitions, "transitions");
}

#[test]
fn at_the_edges_of_the_full_width() {
    let check = Check::of(
        &[G1, G2, G3, G4, G8],
        "enumeration: the step on configurations is the shipped one at the edges of the full width, every bit of an epoch flipped",
    );
    let compared = compared(&Numbers {
        lasts: &lasts(),
        thresholds: &thresholds(),
        leases: &[],
        readings: &readings,
        others: &epochs_and_deadlines,
    });
    assert!(compared.at_the_last_start_of_all > 0);
    check.passed(compared.transitions, "transitions");
}

/// The one exception: from the greatest `last` a start cannot grow it. Everything else holds there.
#[test]
fn at_the_last_start_of_all() {
    let check = Check::of(
        &[G2, G3, G8],
        "enumeration: from the last of 2^61 starts `last` stands still, and everything else holds",
    );
    let at = |lasts: &[u64]| {
        compared(&Numbers {
            lasts,
            thresholds: &thresholds(),
            leases: &[],
            readings: &readings,
            others: &epochs_and_deadlines,
        })
    };
    let end = at(&[LAST_MAX]);
    let before = at(&[LAST_MAX - 1, LAST_MAX - 2, MAX + 1, MAX, 1, 0]);
    assert_eq!(before.at_the_last_start_of_all, 0, "nowhere else");
    assert!(end.at_the_last_start_of_all > 0);
    check.passed(end.at_the_last_start_of_all, "cases");
}

/// What is no clock reading counts as the last one, so larger numbers need no case of their own.
#[test]
fn beyond_the_last_reading() {
    let check = Check::of(
        &[G8],
        "enumeration: a reading, a threshold and a deadline beyond the range are clamped to it",
    );
    let mut cases = 0;
    for last in lasts() {
        for flags in 0..=FLAGS {
            let state = word(last, flags);
            for threshold in thresholds().into_iter().map(Threshold::from_nanos) {
                let at = |now| {
                    let fired = state.fire(state.epoch(), now, threshold);
                    let arrived = state.arrive(now, threshold);
                    let bounded = state.arrive_by(now, Timestamp::ZERO, threshold);
                    (arrived, bounded, state.try_start(now, threshold), fired, state.flush(now))
                };
                let last_reading = at(Timestamp::MAX);
                assert_eq!(at(Timestamp::NEVER), last_reading, "{state:?}, {threshold:?}");
                assert_eq!(at(Timestamp::from_nanos(u64::MAX)), last_reading, "{state:?}, {threshold:?}");
                cases += 2;
            }
        }
    }
    for beyond in [MAX + 1, LAST_MAX, NEVER - 1, NEVER] {
        assert_eq!(Threshold::from_nanos(beyond), Threshold::MAX);
        assert_eq!(Timestamp::from_nanos(beyond), Timestamp::MAX);
        cases += 2;
    }
    check.passed(cases, "cases");
}

/// The table that all is compared with has a row for each word and event, but where no deadline can be
/// missed.
#[test]
fn the_table_is_total() {
    let check =
        Check::of(&[G3, G4], "enumeration: the step on configurations is defined for every word and act");
    let without = Table::of(&SHIPPED, World::WithoutLease);
    // 24 words, 15 acts of the word; with r and d free, 8 words have no window.
    assert_eq!(without.rows(), 24 * 15 - 8);
    // Twice as many words; two looks in place of the five acts of a gate, and four deaths.
    let with = Table::of(&SHIPPED, World::WithLease);
    assert_eq!(with.rows(), 48 * 16);
    assert_eq!(State::NEW, word(0, 0), "the words are those of the library");
    check.passed(without.rows() + with.rows(), "cases");
}

/// Powers of two with their neighbours, and the edges of the range.
fn lasts() -> Vec<u64> {
    let mut lasts = vec![0, 1, 2, 3, 1_000, MAX - 1, MAX, MAX + 1, LAST_MAX - 2, LAST_MAX - 1, LAST_MAX];
    for bit in depth(vec![8, 31, 32, 56, 60], (2..=60).collect()) {
        lasts.extend([(1 << bit) - 1, 1 << bit, (1 << bit) + 1]);
    }
    lasts
}

fn thresholds() -> Vec<u64> {
    let mut thresholds = vec![0, 1, 2, 3, 1_000, MAX - 1, MAX, MAX + 1, NEVER];
    for bit in depth(vec![8, 32, 56, 60], (2..=60).collect()) {
        thresholds.extend([(1 << bit) - 1, 1 << bit, (1 << bit) + 1]);
    }
    thresholds
}

/// The start, the end of the window and the threshold, with their neighbours.
fn readings(last: u64, threshold: u64) -> Vec<u64> {
    let threshold = threshold.min(MAX);
    let mut readings = vec![0, 1, 2, MAX - 1, MAX];
    for center in [last, last + threshold, threshold] {
        readings.extend([center.saturating_sub(1), center, center + 1]);
    }
    readings.retain(|reading| *reading <= MAX);
    readings.sort_unstable();
    readings.dedup();
    readings
}

fn epochs_and_deadlines(last: u64, threshold: u64) -> Vec<u64> {
    let mut others: Vec<u64> = (0..u64::BITS - FLAGS.count_ones()).map(|bit| last ^ (1 << bit)).collect();
    let due = last + threshold.min(MAX);
    others.extend([0, 1, last.saturating_sub(1), last, last + 1, due.saturating_sub(1), due, due + 1]);
    others.extend([MAX - 1, MAX, MAX + 1, LAST_MAX, NEVER - 1, NEVER]);
    others
}
