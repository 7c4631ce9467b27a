//! [`KeyedThrottled`]: a throttle for each key, with a trailing edge. One thread waits and runs for all of them,
//! and every call is taken. Between two calls of a key it may have been evicted.
//!
//! A call returns no epoch, so the clock is read when it has returned: the first run after that time, or an
//! earlier one, keeps the promise. Each run learns how many calls it covers.

use super::super::caller::{Answer, Call, Promised};
use super::super::course::PATIENCE;
use super::super::options::Options;
use super::super::record::Kind;
use super::super::recorder::Recorder;
use super::threads::{self, ThreadFront};
use super::{Front, OwnCounts, Start};
use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{
    KeyedThrottled, Pending, Shutdown, Snapshot, Timestamp, WaitError, WeakKeyedThrottled,
};
use std::sync::{Arc, OnceLock};

pub struct KeyedTrailing {
    throttled: KeyedThrottled<usize>,
    recorder: Arc<Recorder>,
    cancels: bool,
}

impl Front for KeyedTrailing {
    fn new(options: &Options, recorder: &Arc<Recorder>) -> Result<Self, String> {
        let itself: Arc<OnceLock<WeakKeyedThrottled<usize>>> = Arc::default();
        // Few shards: the thread looks for keys to evict where the others call.
        let throttled = KeyedThrottled::builder(options.threshold)
            .name("storm")
            .shards(2)
            .spawn_counted(function(recorder, &itself))
            .map_err(|e| format!("cannot start the thread of the throttle: {e}"))?;
        let _ = itself.set(throttled.downgrade());
        Ok(Self { throttled, recorder: Arc::clone(recorder), cancels: options.cancel_every.is_some() })
    }

    fn start(self: &Arc<Self>, start: Start) -> Result<(), String> {
        threads::start(self, start, Vec::new())
    }

    fn cancel(&self, key: usize) -> bool {
        self.throttled.cancel(&key)
    }

    fn flush(&self, key: usize) -> bool {
        self.throttled.flush(&key).is_ok()
    }

    fn is_busy(&self, key: usize) -> bool {
        let is_busy = |seen: Snapshot| seen.running || seen.deferral == DeferralStatus::Pending;
        self.throttled.snapshot(&key).is_some_and(is_busy)
    }

    fn is_owed(&self, key: usize) -> bool {
        self.throttled.snapshot(&key).is_some_and(|seen| seen.deferral == DeferralStatus::Owed)
    }

    fn threshold(&self) -> u64 {
        self.throttled.threshold().as_nanos()
    }

    fn end(&self) -> Result<OwnCounts, String> {
        let throttled = &self.throttled;
        match (throttled.shutdown_within(Pending::Finish, PATIENCE), throttled.pending()) {
            (Ok(Shutdown::Idle), 0) => Ok(OwnCounts {
                runs: Some(throttled.runs()),
                panics: Some(throttled.panics()),
                uncovered: Some(throttled.uncovered()),
            }),
            (Ok(how), pending) => {
                Err(format!("nothing was pending, and yet it ended as {how:?} with {pending} keys pending"))
            }
            (Err(why), _) => Err(format!("it did not end: {why}")),
        }
    }
}

impl KeyedTrailing {
    /// Waits until every request has been run. Returns whether that says anything about this call: a cancel
    /// may have given it up before the wait began.
    fn wait(&self) -> Result<bool, WaitError> {
        match self.throttled.wait() {
            // Even if a run panics, the wait is for all requests.
            Ok(()) | Err(WaitError::Panicked) => Ok(!self.cancels),
            Err(why) => Err(why),
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
        let (kind, heard) = match call.waits.then(|| self.wait()) {
            Some(Ok(true)) => (Kind::Taken, Some(call.known)),
            Some(Err(WaitError::Owed)) => (Kind::Owed, None),
            Some(Ok(false) | Err(_)) | None => (Kind::Taken, None),
        };
        Answer { promise, heard, ..Answer::nothing_but(kind) }
    }
}

/// The function that it is bound to.
fn function(
    recorder: &Arc<Recorder>,
    itself: &Arc<OnceLock<WeakKeyedThrottled<usize>>>,
) -> impl FnMut(&usize, u64) + Send + use<> {
    let (recorder, itself) = (Arc::clone(recorder), Arc::clone(itself));
    let mut seen = recorder.room();
    let stamp = move |key: &usize| {
        let throttled = itself.get().and_then(WeakKeyedThrottled::upgrade)?;
        throttled.snapshot(key)?.last_run_at
    };
    move |key, calls| {
        let stamp = || stamp(key).map_or(0, Timestamp::as_nanos);
        recorder.begin(*key, &mut seen, stamp).covering(calls).run();
    }
}
