//! What can be set before a [`Keyed`] is built.

use super::front::Keyed;
use super::hash::KeyHash;
use super::shard::Beside;
use super::shards::{MOST_SHARDS, Shards};
use crate::clock::Monotonic;
use crate::sync::AtomicU64;
use crate::time::Threshold;
use core::marker::PhantomData;

/// Calls on known keys do not wait for each other, whatever the number is. Enough that keys which come in seldom keep
/// others waiting; empty ones take 72 KiB.
const USUAL_SHARDS: usize = 64;

/// Sets up a [`Keyed`].
///
/// ```
/// use atomic_throttle::{Keyed, KeyedError};
/// use std::time::Duration;
///
/// let greet = Keyed::<String>::builder(Duration::from_secs(1)).max_keys(1).build();
/// assert_eq!(greet.try_run("a", || 1), Ok(1));
/// assert_eq!(greet.try_run("b", || 1), Err(KeyedError::Full { max_keys: 1 }));
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is built until `build`"]
pub struct KeyedBuilder<K, C = Monotonic, S = KeyHash> {
    threshold: Threshold,
    shards: usize,
    max_keys: usize,
    clock: C,
    hasher: S,
    key: PhantomData<fn() -> K>,
}

impl<K> KeyedBuilder<K> {
    pub(super) fn new(threshold: impl Into<Threshold>) -> Self {
        Self {
            threshold: threshold.into(),
            shards: USUAL_SHARDS,
            max_keys: usize::MAX,
            clock: Monotonic,
            hasher: KeyHash::default(),
            key: PhantomData,
        }
    }
}

impl<K, C, S> KeyedBuilder<K, C, S> {
    /// Takes the time from `clock`.
    pub fn clock<C2>(self, clock: C2) -> KeyedBuilder<K, C2, S> {
        let Self { threshold, shards, max_keys, clock: _, hasher, key } = self;
        KeyedBuilder { threshold, shards, max_keys, clock, hasher, key }
    }

    /// Hashes keys by `hasher`. All bits are used: those from 32 to 55 choose the shard, the others the place in
    /// it.
    pub fn hasher<S2>(self, hasher: S2) -> KeyedBuilder<K, C, S2> {
        let Self { threshold, shards, max_keys, clock, hasher: _, key } = self;
        KeyedBuilder { threshold, shards, max_keys, clock, hasher, key }
    }

    /// Into how many shards the keys are divided: rounded up to a power of two, from 1 to 4096; 64 by
    /// default. Calls delay each other only if their keys are in one shard, and one of them is about a new key. Each
    /// shard takes 1152 bytes.
    pub fn shards(mut self, shards: usize) -> Self {
        self.shards = shards.clamp(1, MOST_SHARDS).next_power_of_two();
        self
    }

    /// Knows at most so many keys. When there are as many, a call on another key looks for keys to evict, in one
    /// shard after the other, until there is room, or until it has looked at 512 places (the next such call goes on at
    /// others). If there is no room then it is refused with [`KeyedError::Full`](super::KeyedError::Full). Known keys go on.
    /// So a stranger costs about as much however many keys are known; and where few of very many could be evicted, some are
    /// refused before these are found.
    ///
    /// Without it there is no limit but the memory.
    pub fn max_keys(mut self, max_keys: usize) -> Self {
        self.max_keys = max_keys;
        self
    }

    pub(super) fn into_parts<X: Beside>(self) -> (Shards<K, X>, Threshold, C, S) {
        (Shards::new(self.shards, self.max_keys as u64), self.threshold, self.clock, self.hasher)
    }

    /// Builds it. Before the first key it allocates only its shards.
    #[must_use]
    pub fn build(self) -> Keyed<K, C, S> {
        let (shards, threshold, clock, hasher) = self.into_parts();
        Keyed { shards, threshold: AtomicU64::new(threshold.as_nanos()), clock, hasher }
    }
}
