//! [`Throttled`]: a thread of its own waits and runs, and every call is taken.

use super::threads::{self, ThreadFront};
use super::{Front, OwnCounts, Start};
use crate::caller::{Answer, Call};
use crate::options::Options;
use crate::record::Kind;
use crate::recorder::Recorder;
use atomic_throttle::{Pending, Shutdown, Snapshot, Throttled, WeakThrottled};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub struct Background {
    throttled: Throttled,
    recorder: Arc<Recorder>,
    patience: Duration,
}

impl Front for Background {
    fn new(options: &Options, recorder: &Arc<Recorder>) -> Result<Self, String> {
        let itself: Arc<OnceLock<WeakThrottled>> = Arc::default();
        let throttled = Throttled::builder(options.threshold)
            .name("storm")
            .spawn(function(recorder, &itself))
            .map_err(|e| format!("cannot start the thread of the throttle: {e}"))?;
        let _ = itself.set(throttled.downgrade());
        Ok(Self { throttled, recorder: Arc::clone(recorder), patience: options.patience })
    }

    fn start(self: &Arc<Self>, start: Start) -> Result<(), String> {
        threads::start(self, start, Vec::new())
    }

    fn cancel(&self, _: usize) -> bool {
        self.throttled.cancel()
    }

    fn flush(&self, key: usize) -> bool {
        self.recorder.flush(key, || self.throttled.flush().is_ok())
    }

    fn set_threshold(&self, threshold: Duration) {
        self.throttled.set_threshold(threshold);
    }

    fn look(&self, _: usize) -> Option<Snapshot> {
        Some(self.throttled.snapshot())
    }

    fn threshold(&self) -> u64 {
        self.throttled.threshold().as_nanos()
    }

    fn end(&self) -> Result<OwnCounts, String> {
        match self.throttled.shutdown(Pending::Finish).wait_for(self.patience) {
            Ok(Shutdown::Idle) => {
                let (runs, panics) = (Some(self.throttled.runs()), Some(self.throttled.panics()));
                Ok(OwnCounts { runs, panics, ..OwnCounts::default() })
            }
            Ok(how) => Err(format!("nothing was pending, and yet it ended as {how:?}")),
            Err(why) => Err(format!("it did not end: {why}")),
        }
    }
}

impl ThreadFront for Background {
    #[inline]
    fn call(&self, call: &Call, _: &mut Vec<u64>) -> Answer {
        let Ok(taken) = self.throttled.trigger() else { return Answer::nothing_but(Kind::NotTaken) };
        let waited = call.wait(&self.recorder, Some(taken.epoch().as_u64()), |limit| match limit {
            None => taken.wait(),
            Some(limit) => taken.wait_for(limit),
        });
        Answer::promised(Kind::Taken, taken.epoch(), waited)
    }
}

/// The function that it is bound to.
fn function(recorder: &Arc<Recorder>, itself: &Arc<OnceLock<WeakThrottled>>) -> impl FnMut() + Send + use<> {
    let (recorder, itself) = (Arc::clone(recorder), Arc::clone(itself));
    let mut seen = recorder.room();
    move || {
        let itself = || itself.get().and_then(WeakThrottled::upgrade);
        let stamp = || itself().map_or(0, |throttled| throttled.state().epoch().as_u64());
        let running = recorder.begin(0, &mut seen, stamp);
        if let Some(throttled) = itself() {
            let patience = Duration::ZERO;
            Background { throttled, recorder: Arc::clone(&recorder), patience }.nest(&running);
        }
        running.run();
    }
}
