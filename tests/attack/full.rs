//! A limit of keys, and an attacker with many more: strangers are refused, memory stays below its limit, and keys
//! that are known go on.

use super::families::{FAMILIES, Family, Known};
use super::work::{Key, Seen};
use atomic_throttle::{KeyHash, Keyed, KeyedBuilder, KeyedError, Manual, Timestamp};
use evidence::Guarantee::G8;
use evidence::{Check, caught, deep};
use std::hash::BuildHasher;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const START: Timestamp = Timestamp::from_nanos(1);
const SHARDS: usize = 64;
const MAX: usize = 1000;
const OTHERS: u64 = 100;
const WINDOWS: u64 = 3;
const FULL: KeyedError = KeyedError::Full { max_keys: MAX };

/// What so many entries take. An entry is the key, 8 bytes and one more, and a table is at least 7/16 full where it
/// has grown. Each of them also has 16 bytes at its end, and the smallest has four places.
const BYTES: usize = MAX * ENTRY * 16 / 7 + SHARDS * (4 * ENTRY + 16);
const ENTRY: usize = size_of::<Key>() + 9;

fn limited() -> KeyedBuilder<Key, Manual> {
    Keyed::builder(SECOND).clock(Manual::new(START)).max_keys(MAX)
}

/// A key that the attacker does not have.
fn other(i: u64) -> Key {
    Key([i, u64::MAX])
}

/// In each of some windows, others call and so many strangers. Returns how many calls those were.
fn flood<S: BuildHasher>(
    keyed: &Keyed<Key, Manual, S>,
    family: &Family,
    strangers: u64,
) -> Result<u64, String> {
    let empty = keyed.allocated_bytes();
    let (mut new, mut known) = (Seen::default(), Seen::default());
    let mut most = 0;
    for window in 0..WINDOWS {
        // Their windows are over. They are known, or there is room for them: nobody else has called since.
        for i in 0..OTHERS {
            assert_eq!(known.note(|| keyed.try_run(&other(i), || i)), Ok(i), "window {window}");
        }
        let mut came_in = 0;
        for i in 0..strangers {
            let stranger = Key((family.key)(window * strangers + i));
            match new.note(|| keyed.try_run(&stranger, || ())) {
                Ok(()) => came_in += 1,
                Err(why) => assert_eq!(why, FULL),
            }
            // Another one's call, between those of the attacker: refused as in any window, and not for want of room.
            let refused = known.note(|| keyed.try_run(&other(i % OTHERS), || ()));
            assert!(matches!(refused, Err(KeyedError::Refused(_))), "{refused:?}");
            most = most.max(keyed.len());
        }
        let bytes = keyed.allocated_bytes() - empty;
        println!("{bytes} bytes, at most {BYTES}");
        if most > MAX || bytes > BYTES {
            return Err(format!("{most} keys, at most {MAX}; {bytes} bytes, at most {BYTES}"));
        }
        assert_eq!(came_in, MAX as u64 - OTHERS, "all that there is room for");
        keyed.clock().advance(SECOND);
    }
    println!("{strangers} {} a window: strangers {new:?}, others {known:?}", family.name);
    // A table has no more than all keys, whatever the number of strangers.
    new.is_flat(MAX as u64)?;
    known.is_flat(MAX as u64).map(|()| new.calls + known.calls)
}

#[test]
fn strangers_are_refused_and_known_keys_go_on() {
    let what = "counting: with a limit of 1000 keys, memory and work a call while many more strangers call";
    let check = Check::of(&[G8], what);
    // A stranger's call looks for keys to evict, so a million take a while.
    let many = if deep() || !cfg!(debug_assertions) { 1_000_000 } else { 50_000 };
    let mut calls = 0;
    for (place, family) in FAMILIES.iter().enumerate() {
        let strangers = if place == 0 { many / WINDOWS } else { 2_000 };
        calls += flood(&limited().build(), family, strangers).expect(family.name);
    }
    check.passed(usize::try_from(calls).expect("they are few"), "calls");
}

#[test]
fn a_throttle_without_a_limit_and_one_with_a_hash_that_is_known_are_found() {
    let family = &FAMILIES[0];
    let unlimited = limited().max_keys(usize::MAX).build();
    let why = flood(&unlimited, family, 2_000).expect_err("it keeps all strangers");
    assert!(why.contains("keys, at most"), "{why}");
    let known = limited().hasher(Known(family.aimed_at)).build();
    let why = flood(&known, family, 1_500).expect_err("they collide");
    assert!(why.contains("comparisons"), "{why}");
    caught("no limit of keys", "counting: keys and bytes while strangers call");
    caught("a hash that the attacker knows, with a limit of keys", "counting: comparisons a call");
}

/// The limit of that promise: a key is known until it is evicted, and then it is a stranger as all others.
#[test]
fn a_key_that_comes_back_after_its_window_may_find_no_room() {
    let keyed: Keyed<Key, Manual, KeyHash> = limited().build();
    assert_eq!(keyed.try_run(&other(0), || ()), Ok(()));
    keyed.clock().advance(SECOND);
    let strangers = (0..2 * MAX as u64).map(|i| Key((FAMILIES[0].key)(i)));
    let came_in = strangers.filter(|key| keyed.try_run(key, || ()).is_ok()).count();
    assert_eq!((came_in, keyed.contains(&other(0))), (MAX, false));
    assert_eq!(keyed.try_run(&other(0), || ()), Err(FULL));
}
