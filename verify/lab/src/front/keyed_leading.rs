//! [`Keyed`]: a throttle for each key. A call runs at once or is refused: nothing is promised, and nothing is
//! pending. Between two calls of a key it may have been evicted.
//!
//! A call reads the threshold before it takes the lock of the key's shard. So a start is compared with the
//! thresholds since its call began, and not only with those since the start before it: a change that returned
//! between the two may have come too late for it.

use super::threads::{self, ThreadFront};
use super::{Front, OwnCounts, Start};
use crate::caller::{Answer, Call, Own};
use crate::options::Options;
use crate::record::Kind;
use crate::recorder::{Recorder, asked_for};
use atomic_throttle::{Keyed, KeyedError, Snapshot, Timestamp};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::time::Duration;

pub struct KeyedLeading {
    keyed: Keyed<usize>,
    recorder: Arc<Recorder>,
}

impl Front for KeyedLeading {
    fn new(options: &Options, recorder: &Arc<Recorder>) -> Result<Self, String> {
        // Few shards: each call that runs looks for keys to evict where the others call.
        let keyed = Keyed::builder(options.threshold).shards(2).build();
        Ok(Self { keyed, recorder: Arc::clone(recorder) })
    }

    fn start(self: &Arc<Self>, start: Start) -> Result<(), String> {
        threads::start(self, start, self.recorder.room())
    }

    fn cancel(&self, _: usize) -> bool {
        false
    }

    fn flush(&self, _: usize) -> bool {
        false
    }

    fn set_threshold(&self, threshold: Duration) {
        self.keyed.set_threshold(threshold);
    }

    fn look(&self, key: usize) -> Option<Snapshot> {
        self.keyed.snapshot(&key)
    }

    fn threshold(&self) -> u64 {
        self.keyed.threshold().as_nanos()
    }

    /// All runs are over: each key may run now, or when its window is over.
    fn end(&self) -> Result<OwnCounts, String> {
        for key in 0..self.recorder.keys() {
            let Err(refused) = self.keyed.try_enter(&key) else { continue };
            let latest = self.recorder.now().saturating_add(self.threshold());
            // A window may end later than any clock can read.
            let is_late = |retry_at: Timestamp| retry_at.as_nanos() > latest && retry_at != Timestamp::NEVER;
            if refused.retry_at().is_none_or(is_late) {
                let key = key + 1;
                return Err(format!("key {key} may not run though no run is in progress: {refused}"));
            }
        }
        Ok(OwnCounts::default())
    }
}

impl ThreadFront for KeyedLeading {
    #[inline]
    fn call(&self, call: &Call, seen: &mut Vec<u64>) -> Answer {
        let mut own = None;
        let called = panic::catch_unwind(AssertUnwindSafe(|| {
            let entered = self.keyed.try_enter(&call.key)?;
            let running = self.recorder.begin(call.key, seen, || entered.epoch().as_u64());
            own = Some(Own { stamp: running.stamp(), saw: running.saw(call.caller) });
            self.nest(&running);
            running.run();
            Ok(())
        }));
        let kind = match called {
            Ok(Ok(())) => Kind::RanAtOnce,
            Ok(Err(KeyedError::Refused(_))) => Kind::Refused,
            Ok(Err(_)) => Kind::NotTaken,
            Err(payload) => {
                asked_for(payload);
                Kind::Panicked
            }
        };
        Answer { own, ..Answer::nothing_but(kind) }
    }
}
