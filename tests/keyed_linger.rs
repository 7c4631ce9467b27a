//! How long a key is kept after its window: until a second after its start, unless somebody asks for its place.

#![cfg(feature = "keyed")]

use atomic_throttle::{Keyed, KeyedBuilder, Manual, Timestamp};
use evidence::Check;
use evidence::Guarantee::{G1, G8};
use std::time::Duration;
use watchdog as _;

const SECOND: Duration = Duration::from_secs(1);
const SHORT: Duration = Duration::from_millis(1);
/// As many keys as the greatest table has room for that keeps keys for so long.
const FEW: u64 = 56;

fn one_shard(threshold: Duration) -> KeyedBuilder<u64, Manual> {
    Keyed::builder(threshold).clock(Manual::new(Timestamp::from_nanos(1))).shards(1)
}

/// A run of a key that is not known looks at the first 32 places, which are all that there are here.
fn runs(keyed: &Keyed<u64, Manual>, key: u64) {
    assert!(keyed.try_run(&key, || ()).is_ok());
}

/// Runs key 1, and has another key look for keys to evict before and after `kept_for`.
fn is_kept_for(threshold: Duration, kept_for: Duration) {
    let keyed = one_shard(threshold).build();
    runs(&keyed, 1);
    keyed.clock().advance(kept_for.saturating_sub(Duration::from_nanos(1)));
    runs(&keyed, 2);
    assert!(keyed.contains(&1), "{threshold:?}: it is evicted too early");
    keyed.clock().advance(Duration::from_nanos(1));
    runs(&keyed, 3);
    assert!(!keyed.contains(&1), "{threshold:?}: it is not evicted");
}

#[test]
fn looks_leave_a_key_alone_for_a_second_and_for_its_window() {
    let check = Check::of(&[G1, G8], "a key is kept for a second, and never for less than its window");
    for threshold in [Duration::ZERO, Duration::from_nanos(1), SHORT, SECOND] {
        is_kept_for(threshold, SECOND);
    }
    for threshold in [SECOND + Duration::from_nanos(1), 2 * SECOND, 1000 * SECOND] {
        is_kept_for(threshold, threshold);
    }
    check.passed(7, "thresholds");
}

#[test]
fn a_key_that_recurs_does_not_come_in_again() {
    let keyed = one_shard(Duration::ZERO).build();
    for round in 0..1000 {
        for key in 0..20 {
            assert_eq!(keyed.contains(&key), round > 0, "round {round}, key {key}");
            runs(&keyed, key);
        }
    }
}

#[test]
fn few_keys_are_kept_in_a_table_that_grows_and_many_are_not() {
    let keyed = one_shard(SHORT).build();
    for key in 0..FEW {
        runs(&keyed, key);
        keyed.clock().advance(SHORT);
    }
    assert_eq!(keyed.len() as u64, FEW, "all windows are over, and no second is");
    let bytes = keyed.allocated_bytes();
    runs(&keyed, FEW);
    assert_eq!(keyed.len(), 1, "before the table grows, keys are evicted by their windows");
    assert!(keyed.allocated_bytes() <= bytes);
}

#[test]
fn who_asks_for_places_does_not_wait_for_the_second() {
    let keyed = one_shard(SHORT).max_keys(2).build();
    runs(&keyed, 1);
    runs(&keyed, 2);
    assert!(keyed.try_run(&3, || ()).is_err(), "there is no room");
    keyed.clock().advance(SHORT);
    runs(&keyed, 3);
    assert_eq!(keyed.len(), 1, "idle keys made room");
    keyed.clock().advance(SHORT);
    assert_eq!((keyed.evict(), keyed.len()), (1, 0));
}
