//! [`KeyedThrottled`]: a throttle for each key, with a trailing edge. One thread waits and runs for all of them,
//! and every call is taken. Between two calls of a key it may have been evicted.
//!
//! A call returns no epoch, so the clock is read when it has returned: the first run after that time, or an
//! earlier one, keeps the promise. Each run learns how many calls it covers.

use super::threads::{self, ThreadFront};
use super::{Front, OwnCounts, Start};
use crate::caller::{Answer, Call, Promised};
use crate::options::Options;
use crate::record::Kind;
use crate::recorder::Recorder;
use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{
    Count, KeyedThrottled, Pending, Shutdown, Snapshot, Timestamp, WaitError, WeakKeyedThrottled,
};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub struct KeyedTrailing {
    throttled: KeyedThrottled<usize, Count>,
    recorder: Arc<Recorder>,
    /// Whether a wait may end though its call was given up.
    cancels: bool,
    patience: Duration,
}

impl Front for KeyedTrailing {
    fn new(options: &Options, recorder: &Arc<Recorder>) -> Result<Self, String> {
        let itself: Arc<OnceLock<WeakKeyedThrottled<usize, Count>>> = Arc::default();
        // Few shards: the thread looks for keys to evict where the others call.
        let throttled = KeyedThrottled::builder(options.threshold)
            .name("storm")
            .shards(2)
            .counting()
            .spawn(function(recorder, &itself))
            .map_err(|e| format!("cannot start the thread of the throttle: {e}"))?;
        let _ = itself.set(throttled.downgrade());
        let (cancels, patience) = (options.cancels(), options.patience);
        Ok(Self { throttled, recorder: Arc::clone(recorder), cancels, patience })
    }

    fn start(self: &Arc<Self>, start: Start) -> Result<(), String> {
        threads::start(self, start, Vec::new())
    }

    fn cancel(&self, key: usize) -> bool {
        self.throttled.cancel(&key)
    }

    fn flush(&self, key: usize) -> bool {
        self.recorder.flush(key, || self.throttled.flush(&key).is_ok())
    }

    fn set_threshold(&self, threshold: Duration) {
        self.throttled.set_threshold(threshold);
    }

    fn look(&self, key: usize) -> Option<Snapshot> {
        self.throttled.snapshot(&key)
    }

    /// The thread notices a cancel when the window of the key ends, and is not woken before.
    fn left(&self, key: usize) -> (DeferralStatus, bool) {
        let seen = self.look(key).filter(|seen| seen.deferral != DeferralStatus::Cancelled || seen.running);
        seen.map_or((DeferralStatus::None, false), |seen| (seen.deferral, seen.running))
    }

    /// A key that was evicted says nothing of its runs.
    fn epoch(&self, key: usize) -> u64 {
        let last_run = self.look(key).and_then(|seen| seen.last_run_at);
        last_run.map_or(u64::MAX, Timestamp::as_nanos)
    }

    fn threshold(&self) -> u64 {
        self.throttled.threshold().as_nanos()
    }

    fn end(&self) -> Result<OwnCounts, String> {
        let throttled = &self.throttled;
        match (throttled.shutdown(Pending::Finish).wait_for(self.patience), throttled.pending()) {
            (Ok(Shutdown::Idle), 0) => Ok(OwnCounts {
                runs: Some(throttled.runs()),
                panics: Some(throttled.panics()),
                uncovered: Some(throttled.uncovered()),
                in_the_end: 0,
                remaining: None,
            }),
            (Ok(how), pending) => {
                Err(format!("nothing was pending, and yet it ended as {how:?} with {pending} keys pending"))
            }
            (Err(why), _) => Err(format!("it did not end: {why}")),
        }
    }
}

impl ThreadFront for KeyedTrailing {
    #[inline]
    fn call(&self, call: &Call, _: &mut Vec<u64>) -> Answer {
        if self.throttled.trigger(&call.key).is_err() {
            return Answer::nothing_but(Kind::NotTaken);
        }
        let promise = Some(Promised::By(self.recorder.now()));
        // It waits until every request has been run. A cancel may have given this one up before.
        let epoch = (!self.cancels).then_some(call.known);
        let waited = call.wait(&self.recorder, epoch, |limit| {
            let told = match limit {
                None => self.throttled.all().wait(),
                Some(limit) => self.throttled.all().wait_for(limit),
            };
            // Even if a run panics, the wait is for all requests.
            if told == Err(WaitError::Panicked) { Ok(()) } else { told }
        });
        Answer { promise, waited, ..Answer::nothing_but(Kind::Taken) }
    }
}

/// The function that it is bound to.
fn function(
    recorder: &Arc<Recorder>,
    itself: &Arc<OnceLock<WeakKeyedThrottled<usize, Count>>>,
) -> impl FnMut(&usize, u64) + Send + use<> {
    let (recorder, itself) = (Arc::clone(recorder), Arc::clone(itself));
    let mut seen = recorder.room();
    move |key, calls| {
        let itself = || itself.get().and_then(WeakKeyedThrottled::upgrade);
        let stamp = || itself().and_then(|throttled| throttled.snapshot(key)?.last_run_at);
        let stamp = || stamp().map_or(0, Timestamp::as_nanos);
        let running = recorder.begin(*key, &mut seen, stamp).covering(calls);
        if let Some(throttled) = itself() {
            let (recorder, patience) = (Arc::clone(&recorder), Duration::ZERO);
            KeyedTrailing { throttled, recorder, cancels: true, patience }.nest(&running);
        }
        running.run();
    }
}
