//! Families of keys, each with a hash that it is aimed at: there all of them collide.
//!
//! An attacker who does not know the seed can do no better than to aim at a hash that has none, at one that looks at
//! a part of the key, or at one that leaves equal what is equal in the keys.

use std::hash::{BuildHasher, Hasher};

pub struct Family {
    pub name: &'static str,
    /// The first key, the second, and so on. No two are the same.
    pub key: fn(u64) -> [u64; 2],
    pub aimed_at: Hash,
}

/// What a key is hashed to.
type Hash = fn([u64; 2]) -> u64;

const SAME: u64 = 0x6d61_7261_7468_6f6e;

pub const FAMILIES: [Family; 6] = [
    Family { name: "keys at random", key: at_random, aimed_at: |_| SAME },
    Family { name: "numbers in sequence", key: |i| [i, 0], aimed_at: |key| key[0] << 24 },
    Family { name: "keys with equal low bits", key: |i| [i << 20, SAME], aimed_at: |key| key[0] },
    Family { name: "keys with the same beginning", key: |i| [SAME, i], aimed_at: |key| key[0] },
    Family { name: "keys with the same end", key: |i| [i, SAME], aimed_at: |key| key[1] },
    Family { name: "keys that collide in a hash without a seed", key: colliding, aimed_at: unseeded },
];

fn at_random(i: u64) -> [u64; 2] {
    // Each step can be undone, so no two are the same.
    let mixed = (i ^ SAME).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    [mixed ^ mixed >> 29, mixed.rotate_left(32)]
}

/// The hash that rustc used for its own tables: a rotation, an exclusive or and a multiplication for each word.
fn unseeded(key: [u64; 2]) -> u64 {
    key.into_iter().fold(0, one_word)
}

fn one_word(hash: u64, word: u64) -> u64 {
    (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95)
}

/// The second word undoes what the first one did.
fn colliding(i: u64) -> [u64; 2] {
    [i, one_word(0, i).rotate_left(5)]
}

/// A hash that an attacker knows, as the hash of a throttle.
#[derive(Clone, Copy)]
pub struct Known(pub Hash);

/// The words of a key that it was given so far.
pub struct Words {
    hash: Hash,
    words: [u64; 2],
}

impl BuildHasher for Known {
    type Hasher = Words;

    fn build_hasher(&self) -> Words {
        Words { hash: self.0, words: [0; 2] }
    }
}

impl Hasher for Words {
    fn write(&mut self, _: &[u8]) {
        unreachable!("a key is written in words");
    }

    fn write_u64(&mut self, word: u64) {
        self.words = [self.words[1], word];
    }

    fn finish(&self) -> u64 {
        (self.hash)(self.words)
    }
}

#[test]
fn no_key_comes_twice_and_each_family_collides_where_it_is_aimed() {
    for family in &FAMILIES {
        let keys: Vec<_> = (0..1000).map(family.key).collect();
        let different: std::collections::HashSet<_> = keys.iter().collect();
        assert_eq!(different.len(), 1000, "{}", family.name);
        // The table takes its places from the lowest bits, and compares the highest seven.
        let collide = |key: &[u64; 2]| {
            let hash = Known(family.aimed_at).hash_one(super::work::Key(*key));
            (hash & 0xffff, hash >> 57)
        };
        assert!(keys.iter().all(|key| collide(key) == collide(&keys[0])), "{}", family.name);
    }
}
