//! At which places of its tables a `Keyed` looks for keys to evict, and at how many at once. Each key here chooses its
//! place.

#![cfg(feature = "keyed")]

use atomic_throttle::{Keyed, KeyedBuilder, KeyedError, Manual, Timestamp};
use evidence::Check;
use evidence::Guarantee::{G7, G8};
use std::hash::{BuildHasherDefault, Hasher};
use std::time::Duration;
use watchdog as _;

/// Longer than the second for which looks leave keys alone.
const WINDOW: Duration = Duration::from_secs(10);
const START: Timestamp = Timestamp::from_nanos(1);
const INSTANT: Duration = Duration::from_nanos(1);
/// By how many places a look goes on.
const STEP: u64 = 32;
/// At how many places at most a call looks that finds no room.
const MOST: u64 = 512;
/// After how many runs of known keys one has looked, at the latest, and before which no second one does.
const A_LOOK_AT_THE_LATEST: u64 = 55;
const NO_SECOND_LOOK: u64 = 21;

/// The key is its hash: its lowest bits are its place in a table that has room for it there.
#[derive(Default)]
struct Placed(u64);

impl Hasher for Placed {
    fn write(&mut self, _: &[u8]) {
        unreachable!("keys are numbers");
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

type Subject = Keyed<u64, Manual, BuildHasherDefault<Placed>>;

/// All keys are in the first shard: the bits that choose another one are zero.
fn builder() -> KeyedBuilder<u64, Manual, BuildHasherDefault<Placed>> {
    let builder: KeyedBuilder<u64> = Keyed::builder(WINDOW);
    builder.clock(Manual::new(START)).hasher(BuildHasherDefault::default()).shards(1)
}

/// When the window of what ran at the start is over.
fn due() -> Timestamp {
    START.saturating_add(WINDOW)
}

/// Has all these keys come in, `early` before the others. Then its window is over, and it alone can be evicted.
fn where_one_is_over(keyed: &Subject, early: u64, keys: impl Iterator<Item = u64>) {
    assert_eq!(keyed.try_run(&early, || ()), Ok(()));
    keyed.clock().advance(INSTANT);
    for key in keys.filter(|key| *key != early) {
        assert_eq!(keyed.try_run(&key, || ()), Ok(()));
    }
    keyed.clock().set(due());
}

/// A call on a key that is not known, where all keys are in their windows. It only moves the place of the next look.
fn is_full(keyed: &Subject, key: u64) {
    keyed.clock().go_back(INSTANT);
    assert!(matches!(keyed.try_run(&key, || ()), Err(KeyedError::Full { .. })));
    keyed.clock().advance(INSTANT);
}

/// 64 places, so that the last look ended in the middle or at the end.
#[test]
fn a_call_that_finds_no_room_looks_all_around() {
    let check =
        Check::of(&[G8], "a call on a new key finds the only one to evict, wherever the last look ended");
    let mut cases = 0;
    for early in 0..40 {
        for looks in 0..2 {
            let keyed = builder().max_keys(40).build();
            where_one_is_over(&keyed, early, 0..40);
            (0..looks).for_each(|_| is_full(&keyed, 50));
            assert_eq!(keyed.try_run(&50, || ()), Ok(()), "key {early} can go, after {looks} looks");
            assert!(!keyed.contains(&early));
            cases += 1;
        }
    }
    check.passed(cases, "cases");
}

/// 1024 places: two calls look at all of them, and a third one if the first began within a step.
#[test]
fn a_call_that_finds_no_room_goes_on_where_the_last_one_ended() {
    for early in [10, 10 + MOST] {
        let keyed = builder().max_keys(600).build();
        where_one_is_over(&keyed, early, 0..600);
        let is_in = || keyed.try_run(&1000, || ()).is_ok();
        assert!(is_in() || is_in() || is_in(), "key {early} is never found");
        assert!(!keyed.contains(&early));
    }
}

/// Seven keys at a time, and a free place behind them: so a place is free when its key is gone.
fn apart(keys: u64) -> impl Iterator<Item = u64> {
    (0..keys).map(|key| key + key / 7)
}

/// As many places as one call looks at. The key is found at the first of them, at the last ones, or between, by calls
/// that begin at this shard, or at the one that is empty.
#[test]
fn a_key_that_is_found_at_the_last_place_of_a_look_makes_room() {
    let check = Check::of(
        &[G8],
        "a call on a new key finds the only one to evict at the last place that it looks at",
    );
    let mut cases = 0;
    for early in (0..MOST / STEP).map(|step| step * STEP) {
        for looks in 0..2 {
            let keyed = builder().shards(2).max_keys(448).build();
            where_one_is_over(&keyed, early, apart(448));
            (0..looks).for_each(|_| is_full(&keyed, 7));
            assert_eq!(keyed.try_run(&7, || ()), Ok(()), "key {early} can go, after {looks} looks");
            cases += 1;
        }
    }
    check.passed(cases, "cases");
}

/// 1024 places. When the key at the first of them was evicted, the next look begins behind its step, and there are as
/// many looks as other steps before one comes to key 1.
#[test]
fn a_run_of_a_known_key_looks_at_few_places() {
    const STEPS: u64 = 1024 / STEP;
    let check = Check::of(&[G7], "a run of a known key that looks for keys to evict looks at 32 places");
    let keyed = builder().build();
    for key in apart(7 * 128) {
        assert_eq!(keyed.try_run(&key, || ()), Ok(()));
        keyed.clock().advance(INSTANT * u32::from(key < 2));
    }
    let is_gone_in = |key: u64, runs: u64| {
        (0..runs).any(|_| {
            assert_eq!(keyed.try_run_with_threshold(Duration::ZERO, &1022, || ()), Ok(()));
            !keyed.contains(&key)
        })
    };
    keyed.clock().set(due());
    assert!(is_gone_in(0, A_LOOK_AT_THE_LATEST * STEPS) && keyed.contains(&1));
    keyed.clock().advance(INSTANT);
    assert!(!is_gone_in(1, NO_SECOND_LOOK * (STEPS - 1)), "a look was at more places");
    assert!(is_gone_in(1, A_LOOK_AT_THE_LATEST * STEPS));
    check.passed(2, "keys");
}

/// A table in which few keys can go grows nevertheless. Else it would be full again, and be looked through, after as few.
#[test]
fn a_full_table_in_which_few_keys_can_go_grows() {
    let keyed = builder().build();
    apart(50).for_each(|key| assert_eq!(keyed.try_run(&key, || ()), Ok(())));
    keyed.clock().advance(INSTANT);
    apart(448).skip(50).for_each(|key| assert_eq!(keyed.try_run(&key, || ()), Ok(())));
    let bytes = keyed.allocated_bytes();
    keyed.clock().set(due());
    assert_eq!(keyed.try_run(&7, || ()), Ok(()));
    assert_eq!(keyed.len(), 448 - 50 + 1);
    assert!(keyed.allocated_bytes() > bytes);
}
