//! [`Throttle`]: the call that owns the deferral waits, and runs.

use super::threads::{self, ThreadFront};
use super::{Front, OwnCounts, Start};
use crate::caller::{Answer, Call, Own, Promised, Way};
use crate::options::Options;
use crate::record::Kind;
use crate::recorder::{Recorder, asked_for};
use atomic_throttle::{NotFlushed, Outcome, Snapshot, Throttle};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::time::Duration;

pub struct Blocking {
    throttle: Arc<Throttle>,
    recorder: Arc<Recorder>,
}

impl Blocking {
    /// A storm on a throttle that may have been used before.
    pub fn on(throttle: &Arc<Throttle>, options: &Options, recorder: &Arc<Recorder>) -> Self {
        recorder.set_threshold(options.threshold, |threshold| throttle.set_threshold(threshold));
        Self { throttle: Arc::clone(throttle), recorder: Arc::clone(recorder) }
    }

    fn stamp(&self) -> u64 {
        self.throttle.snapshot().epoch.as_u64()
    }

    /// One run of the function, in a flush.
    fn flushed(&self) -> Result<(), NotFlushed> {
        let mut seen = self.recorder.room();
        self.throttle.flush(|| {
            let running = self.recorder.begin(0, &mut seen, || self.stamp()).flushed();
            self.nest(&running);
            running.run();
        })
    }
}

impl Front for Blocking {
    fn new(options: &Options, recorder: &Arc<Recorder>) -> Result<Self, String> {
        Ok(Self::on(&Arc::new(Throttle::new(options.threshold)), options, recorder))
    }

    fn start(self: &Arc<Self>, start: Start) -> Result<(), String> {
        threads::start(self, start, self.recorder.room())
    }

    fn cancel(&self, _: usize) -> bool {
        self.throttle.cancel()
    }

    fn flush(&self, key: usize) -> bool {
        match panic::catch_unwind(AssertUnwindSafe(|| self.flushed())) {
            Ok(flushed) => flushed.is_ok(),
            // The run has started.
            Err(payload) => {
                self.recorder.caught(key, payload);
                true
            }
        }
    }

    fn set_threshold(&self, threshold: Duration) {
        self.throttle.set_threshold(threshold);
    }

    fn look(&self, _: usize) -> Option<Snapshot> {
        Some(self.throttle.snapshot())
    }

    fn threshold(&self) -> u64 {
        self.throttle.threshold().as_nanos()
    }

    /// Nothing is left stuck: a call alone runs (G6).
    fn end(&self) -> Result<OwnCounts, String> {
        self.recorder.set_threshold(Duration::ZERO, |threshold| self.throttle.set_threshold(threshold));
        let mut seen = self.recorder.room();
        let told = self.throttle.run(|| drop(self.recorder.begin(0, &mut seen, || self.stamp())));
        match told {
            Outcome::RanAtOnce(()) | Outcome::RanDeferred(()) => {
                Ok(OwnCounts { in_the_end: 1, ..OwnCounts::default() })
            }
            told => Err(format!("a call that was alone did not run: {told:?}")),
        }
    }
}

impl ThreadFront for Blocking {
    #[inline]
    fn call(&self, call: &Call, seen: &mut Vec<u64>) -> Answer {
        let mut own = None;
        let run = || {
            let running = self.recorder.begin(call.key, seen, || self.stamp());
            own = Some(Own { stamp: running.stamp(), saw: running.saw(call.caller) });
            self.nest(&running);
            running.run();
        };
        let told = panic::catch_unwind(AssertUnwindSafe(|| match call.way {
            Way::Run => Ok(self.throttle.run(run)),
            Way::Within(limit) => self.throttle.run_within(limit, run),
            Way::Try => self.throttle.try_run(run).map(Outcome::RanAtOnce),
        }));
        let kind = match told {
            Ok(Ok(Outcome::RanAtOnce(()))) => Kind::RanAtOnce,
            Ok(Ok(Outcome::RanDeferred(()))) => Kind::Deferred,
            Ok(Ok(Outcome::Coalesced(covered))) => {
                let epoch = Some(covered.epoch().as_u64());
                let waited = call.wait(&self.recorder, epoch, |limit| match limit {
                    None => covered.wait(),
                    Some(limit) => covered.wait_for(limit),
                });
                return Answer::promised(Kind::Coalesced, covered.epoch(), waited);
            }
            Ok(Ok(Outcome::Cancelled)) => Kind::Cancelled,
            Ok(Ok(Outcome::Owed)) => return self.owed(call),
            Ok(Err(_)) => Kind::Refused,
            Err(payload) => {
                asked_for(payload);
                Kind::Panicked
            }
        };
        Answer { own, ..Answer::nothing_but(kind) }
    }
}

impl Blocking {
    /// The call left a run owed. Unless the epoch has moved meanwhile, the next one covers it.
    fn owed(&self, call: &Call) -> Answer {
        let epoch = self.stamp();
        let has_moved = epoch != call.known;
        let promise = if has_moved { Promised::By(self.recorder.now()) } else { Promised::After(epoch) };
        Answer { promise: Some(promise), ..Answer::nothing_but(Kind::Owed) }
    }
}
