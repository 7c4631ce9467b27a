//! [`KeyedThrottled`]: a throttle for each key, with a trailing edge. A thread or a task waits and runs for all of them,
//! and every call is taken. A call may bring something. Between two calls of a key it may have been evicted.
//!
//! Where calls are counted, each run learns how many it covers, exactly.

mod any;
mod function;

use self::any::Any;
use super::home::Home;
use super::threads::{self, ThreadFront};
use super::{Front, OwnCounts, Start};
use crate::caller::{Answer, Call};
use crate::options::{BACK_OFF, Brings, Debounce, Options, Runner};
use crate::record::{Brought, Kind};
use crate::recorder::Recorder;
use crate::turns::calls_on;
use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{
    KeyedThrottled, KeyedThrottledBuilder, Pending, Retry, Shutdown, Snapshot, Timestamp, WaitError,
};
use measure_options::soak::Plant;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::runtime::Runtime;

pub struct KeyedTrailing {
    throttled: Any,
    recorder: Arc<Recorder>,
    patience: Duration,
    plant: Option<Plant>,
    /// What has the task, if one runs the function. Dropped after the throttle.
    _runtime: Option<Runtime>,
}

impl KeyedTrailing {
    /// As a run sees it.
    fn inside(throttled: Any, recorder: &Arc<Recorder>, patience: Duration) -> Self {
        Self { throttled, recorder: Arc::clone(recorder), patience, plant: None, _runtime: None }
    }
}

impl Front for KeyedTrailing {
    fn new(options: &Options, recorder: &Arc<Recorder>) -> Result<Self, String> {
        let home = match options.of_throttled.runner {
            Runner::Thread => None,
            Runner::Task => Some(Home::start()?),
        };
        let on = home.as_ref().map(|(home, _)| home.clone());
        let itself = Arc::default();
        let throttled = start(builder(options), options.of_throttled.payload, recorder, &itself, on)?;
        let _ = itself.set(throttled.downgrade());
        let front = Self::inside(throttled, recorder, options.patience);
        Ok(Self { plant: options.plant, _runtime: home.map(|(_, runtime)| runtime), ..front })
    }

    fn start(self: &Arc<Self>, start: Start) -> Result<(), String> {
        threads::start(self, start, Vec::new())
    }

    fn cancel(&self, key: usize) -> bool {
        self.throttled.cancel(key)
    }

    fn flush(&self, key: usize) -> bool {
        self.recorder.flush(key, || self.throttled.flush(key))
    }

    fn set_threshold(&self, threshold: Duration) {
        self.throttled.set_threshold(threshold);
    }

    fn look(&self, key: usize) -> Option<Snapshot> {
        self.throttled.snapshot(key)
    }

    /// What runs notices a cancel when the window of the key ends, and is not woken before.
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
        self.throttled.threshold()
    }

    fn end(&self) -> Result<OwnCounts, String> {
        let throttled = &self.throttled;
        match (throttled.shutdown(Pending::Finish, self.patience), throttled.pending()) {
            (Ok(Shutdown::Idle), 0) => {
                let (runs, panics) = throttled.counts();
                let uncovered = throttled.uncovered();
                let remaining = (0..self.recorder.keys()).filter_map(|key| throttled.take(key)).collect();
                let (runs, panics) = (Some(runs), Some(panics));
                Ok(OwnCounts { runs, panics, uncovered, in_the_end: 0, remaining })
            }
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
        // The values that a caller brings to a key follow each other.
        let turn = calls_on(call.key, call.caller, call.number, self.recorder.keys());
        let mut value = Brought::new(call.caller, turn);
        if self.plant == Some(Plant::Forge) && turn % 10 == 0 {
            value.number -= 1;
            self.throttled.call_unseen(call.key);
        }
        let Some(taken) = self.throttled.trigger(&call.key, value) else {
            return Answer::nothing_but(Kind::NotTaken);
        };
        let epoch = taken.epoch();
        // In turn it waits for its own run, and for those of all keys: also for its own, unless a cancel was sooner.
        let waits_for_all = call.number % 2 == 0;
        let known = (!waits_for_all || !self.recorder.cancels()).then_some(epoch.as_u64());
        let waited = call.wait(&self.recorder, known, |limit| match (waits_for_all, limit) {
            (false, None) => taken.wait(),
            (false, Some(limit)) => taken.wait_for(limit),
            (true, None) => of_all(self.throttled.all().wait()),
            (true, Some(limit)) => of_all(self.throttled.all().wait_for(limit)),
        });
        Answer::promised(Kind::Taken, epoch, waited)
    }
}

/// Even if a run panics, the wait is for all requests.
fn of_all(told: Result<(), WaitError>) -> Result<(), WaitError> {
    if told == Err(WaitError::Panicked) { Ok(()) } else { told }
}

fn builder(options: &Options) -> KeyedThrottledBuilder<usize> {
    let of = &options.of_throttled;
    // Few shards: what runs looks for keys to evict where the others call.
    let mut builder = KeyedThrottled::builder(options.threshold).name("storm").shards(2);
    if let Some(delay) = of.delay {
        builder = builder.delay(delay);
    }
    if let Some(Debounce { quiet, at_latest }) = of.debounce {
        builder = builder.debounce(quiet, at_latest);
    }
    if of.fail_every.is_some() {
        let [first, longest] = BACK_OFF;
        builder = builder.retry(Retry::exponential(first, longest));
    }
    builder
}

/// The throttle itself, for calls from inside its runs.
type Itself = Arc<OnceLock<any::AnyWeak>>;

/// Starts a throttle whose calls bring that, on a thread of its own or on a runtime.
fn start(
    builder: KeyedThrottledBuilder<usize>,
    brings: Brings,
    recorder: &Arc<Recorder>,
    itself: &Itself,
    on: Option<Home>,
) -> Result<Any, String> {
    let inside = function::Inside { recorder: Arc::clone(recorder), itself: Arc::clone(itself) };
    let no_thread = |e| format!("cannot start the thread of the throttle: {e}");
    let no_task = |e| format!("cannot start the task of the throttle: {e}");
    match on {
        None => inside.on_a_thread(builder, brings).map_err(no_thread),
        Some(home) => inside.in_a_task(builder, brings, home).map_err(no_task),
    }
}
