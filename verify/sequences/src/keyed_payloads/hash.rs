//! A hash by which the driver knows in which shard a key is, and whether keys meet in the table.

use std::hash::{BuildHasher, Hasher};

/// Builds a [`HashOfKey`].
#[derive(Clone, Copy)]
pub struct ByKey {
    /// Whether all keys of a shard have one hash.
    pub collides: bool,
}

pub struct HashOfKey {
    collides: bool,
    key: u8,
}

/// The shard of a key, of at most two.
pub fn shard_of(key: u8, shards: u8) -> usize {
    usize::from(key & (shards - 1))
}

impl BuildHasher for ByKey {
    type Hasher = HashOfKey;

    fn build_hasher(&self) -> HashOfKey {
        HashOfKey { collides: self.collides, key: 0 }
    }
}

impl Hasher for HashOfKey {
    fn write(&mut self, bytes: &[u8]) {
        self.key = bytes[0];
    }

    /// A throttle chooses the shard by bits in the middle, and the place in its table by the others.
    fn finish(&self) -> u64 {
        let key = u64::from(self.key);
        let place = if self.collides { 0 } else { key << 60 | key };
        (key & 1) << 32 | place
    }
}
