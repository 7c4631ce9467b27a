//! The work of a call on keys that were chosen to collide: the same at every number of keys. The same check is red
//! with the hash that the keys are aimed at.

use super::families::{FAMILIES, Family, Known};
use super::work::{Key, Seen};
use atomic_throttle::{KeyHash, Keyed, Manual, Timestamp};
use evidence::Guarantee::G8;
use evidence::{Check, caught, deep};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const START: Timestamp = Timestamp::from_nanos(1);
/// By default.
const SHARDS: u64 = 64;

/// The most keys of one shard: twice the mean, and room for chance.
fn largest_shard(keys: u64) -> u64 {
    2 * keys / SHARDS + keys / SHARDS / 2 + 64
}

/// Calls on each of these keys: all come in, and then all are refused.
fn flood<S: BuildHasher>(
    keyed: &Keyed<Key, Manual, S>,
    keys: impl Iterator<Item = [u64; 2]> + Clone,
    largest: u64,
) -> Result<Seen, String> {
    let (mut new, mut known) = (Seen::default(), Seen::default());
    for key in keys.clone() {
        assert!(new.note(|| keyed.try_run(&Key(key), || ())).is_ok());
    }
    for key in keys {
        assert!(known.note(|| keyed.try_run(&Key(key), || ())).is_err());
    }
    assert_eq!(keyed.len() as u64, new.calls);
    new.is_flat(largest)?;
    known.is_flat(0).map(|()| new)
}

/// Without a limit, and with the usual hash or another one.
fn unlimited<S: BuildHasher>(family: &Family, keys: u64, hasher: S) -> Result<Seen, String> {
    let keyed = Keyed::builder(SECOND).clock(Manual::new(START)).hasher(hasher).build();
    flood(&keyed, (0..keys).map(family.key), largest_shard(keys))
}

/// How many keys: a million where the tests are optimized, or go to their full depth.
fn sizes() -> &'static [u64] {
    if deep() || !cfg!(debug_assertions) { &[1_000, 100_000, 1_000_000] } else { &[1_000, 100_000] }
}

#[test]
fn a_call_on_an_attackers_key_does_no_more_than_any_other() {
    let what = format!("counting: comparisons and hashes a call on chosen keys, at {:?} of them", sizes());
    let check = Check::of(&[G8], what);
    let mut calls = 0;
    for family in &FAMILIES {
        for &keys in sizes() {
            let seen = unlimited(family, keys, KeyHash::default());
            let seen = seen.unwrap_or_else(|why| panic!("{keys} {}: {why}", family.name));
            println!("{keys} {}: {seen:?}", family.name);
            calls += 2 * seen.calls;
        }
    }
    check.passed(usize::try_from(calls).expect("they are few"), "calls");
}

#[test]
fn a_hash_that_the_attacker_knows_is_found() {
    for family in &FAMILIES {
        let why = unlimited(family, 1_000, Known(family.aimed_at)).expect_err(family.name);
        println!("{}: {why}", family.name);
        caught(&format!("a hash in which these collide: {}", family.name), "counting: comparisons a call");
    }
}

/// The usual hash of the standard library, with the seed that everybody knows.
#[test]
fn keys_that_were_searched_for_collide_only_in_the_hash_they_were_searched_for() {
    const KEYS: usize = 256;
    type Fixed = BuildHasherDefault<DefaultHasher>;
    // The places of the table are from the lowest bits, and it compares seven more: the highest ones that a `usize`
    // has room for. There is one shard, so the bits between choose nothing.
    let compared = |hash: u64| hash >> (usize::BITS - 7) & 0x7f;
    let collides = |key: &[u64; 2]| {
        let hash = Fixed::default().hash_one(Key(*key));
        hash.trailing_zeros() >= 6 && compared(hash) == 0
    };
    let keys: Vec<_> = (0..).map(|i| [i, 0]).filter(collides).take(KEYS).collect();
    let found = || keys.iter().copied();
    let one_shard = || Keyed::<Key>::builder(SECOND).clock(Manual::new(START)).shards(1);
    assert_eq!(flood(&one_shard().build(), found(), KEYS as u64).map(|seen| seen.calls), Ok(KEYS as u64));
    let fixed = flood(&one_shard().hasher(Fixed::default()).build(), found(), KEYS as u64);
    println!("{}", fixed.expect_err("they collide"));
    caught("the hash of the standard library with a seed that is known", "counting: comparisons a call");
}
