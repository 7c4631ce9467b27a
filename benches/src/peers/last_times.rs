//! What a program would write by hand for many keys: a map of the times at which they ran, under a mutex.

use super::lock::Lock;
use atomic_throttle::KeyHash;
use hashbrown::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// When each key ran last, with the hash of `Keyed`.
///
/// It promises spacing alone: it neither excludes overlapping runs nor forgets a key.
pub struct LastTimes<M = Mutex<HashMap<u64, Instant, KeyHash>>>(M);

impl<M: Lock<HashMap<u64, Instant, KeyHash>>> LastTimes<M> {
    pub fn new() -> Self {
        Self(M::new(HashMap::default()))
    }

    /// Whether the key may run, and if so, that it did.
    #[inline]
    pub fn may_run(&self, key: u64, period: Duration) -> bool {
        // Before the lock, which others then wait less for.
        let now = Instant::now();
        self.0.hold(|last| match last.get_mut(&key) {
            // A thread that waited for the lock may come with an earlier time.
            Some(at) if now.saturating_duration_since(*at) < period => false,
            Some(at) => {
                *at = now.max(*at);
                true
            }
            None => {
                last.insert(key, now);
                true
            }
        })
    }
}

impl<M: Lock<HashMap<u64, Instant, KeyHash>>> Default for LastTimes<M> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::LastTimes;
    use std::time::Duration;

    #[test]
    fn each_key_runs_once_in_a_period_and_always_without_one() {
        let map: LastTimes = LastTimes::new();
        let once = [1, 2, 1, 2].map(|key| map.may_run(key, Duration::from_secs(3600)));
        assert_eq!(once, [true, true, false, false]);
        assert!((0..1000).all(|_| map.may_run(1, Duration::ZERO)));
    }
}
