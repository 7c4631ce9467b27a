//! The guard of a run of one key.

use super::shard::Hashed;
use super::shards::Shards;
use crate::state::Epoch;
use core::borrow::Borrow;
use core::fmt;

/// The run of a key that is in progress. While it lives, no other run of the key starts (G2), and the key is
/// not evicted.
///
/// ```
/// use atomic_throttle::Keyed;
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let keyed: Keyed<String> = Keyed::new(Duration::from_secs(1));
/// let run = keyed.try_enter("10.0.0.7")?;
/// println!("{} is served", run.key());
/// drop(run); // Now it is over; its window goes on.
/// assert!(keyed.try_enter("10.0.0.7").is_err());
/// # Ok(())
/// # }
/// ```
///
/// Dropping it finishes the run, during unwinding as well (G6). It may be dropped by another thread. Leaking
/// it leaves the run of its key in progress for ever.
#[must_use = "dropping a `KeyedRun` finishes it at once"]
pub struct KeyedRun<'k, K: Borrow<Q>, Q: Eq + ?Sized = K> {
    shards: &'k Shards<K>,
    hashed: Hashed<'k, Q>,
    epoch: Epoch,
}

impl<'k, K: Borrow<Q>, Q: Eq + ?Sized> KeyedRun<'k, K, Q> {
    pub(super) fn new(shards: &'k Shards<K>, hashed: Hashed<'k, Q>, epoch: Epoch) -> Self {
        Self { shards, hashed, epoch }
    }

    /// The epoch that this run opened. Its [`started_at`](Epoch::started_at) is the start of the window.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &'k Q {
        self.hashed.key
    }
}

impl<K: Borrow<Q>, Q: Eq + ?Sized> Drop for KeyedRun<'_, K, Q> {
    #[inline]
    fn drop(&mut self) {
        self.shards.finish(&self.hashed, self.epoch);
    }
}

impl<K: Borrow<Q>, Q: Eq + fmt::Debug + ?Sized> fmt::Debug for KeyedRun<'_, K, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedRun").field("key", &self.hashed.key).field("epoch", &self.epoch).finish()
    }
}
