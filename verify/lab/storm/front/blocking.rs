//! [`Throttle`]: the call that owns the deferral waits, and runs.

use super::super::caller::{Answer, Call, Own};
use super::super::options::Options;
use super::super::record::Kind;
use super::super::recorder::Recorder;
use super::threads::{self, ThreadFront};
use super::{Front, OwnCounts, Start};
use atomic_throttle::{Outcome, Throttle};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

pub struct Blocking {
    throttle: Throttle,
    recorder: Arc<Recorder>,
}

impl Blocking {
    fn stamp(&self) -> u64 {
        self.throttle.state().epoch().as_u64()
    }
}

impl Front for Blocking {
    fn new(options: &Options, recorder: &Arc<Recorder>) -> Result<Self, String> {
        Ok(Self { throttle: Throttle::new(options.threshold), recorder: Arc::clone(recorder) })
    }

    fn start(self: &Arc<Self>, start: Start) -> Result<(), String> {
        threads::start(self, start, self.recorder.room())
    }

    fn cancel(&self, _: usize) -> bool {
        self.throttle.cancel()
    }

    fn flush(&self, key: usize) -> bool {
        let mut seen = self.recorder.room();
        let run = || self.recorder.begin(key, &mut seen, || self.stamp()).run();
        // A panic is one of ours, and the run has started.
        panic::catch_unwind(AssertUnwindSafe(|| self.throttle.flush(run).is_ok())).unwrap_or(true)
    }

    fn is_busy(&self, _: usize) -> bool {
        let state = self.throttle.state();
        state.is_pending() || state.is_running()
    }

    fn is_owed(&self, _: usize) -> bool {
        self.throttle.is_owed()
    }

    fn threshold(&self) -> u64 {
        self.throttle.threshold().as_nanos()
    }

    fn end(&self) -> Result<OwnCounts, String> {
        Ok(OwnCounts::default())
    }
}

impl ThreadFront for Blocking {
    #[inline]
    fn call(&self, call: &Call, seen: &mut Vec<u64>) -> Answer {
        let mut own = None;
        let run = || {
            let running = self.recorder.begin(call.key, seen, || self.stamp());
            own = Some(Own { stamp: running.stamp, saw: running.saw(call.thread) });
            running.run();
        };
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| self.throttle.run(run)));
        let kind = match outcome {
            Ok(Outcome::RanAtOnce(())) => Kind::RanAtOnce,
            Ok(Outcome::RanDeferred(())) => Kind::Deferred,
            Ok(Outcome::Coalesced(covered)) => {
                let waited = call.waits.then(|| covered.wait());
                return Answer::promised(Kind::Coalesced, covered.epoch(), waited);
            }
            Ok(Outcome::Cancelled) => Kind::Cancelled,
            Ok(Outcome::Owed) => Kind::Owed,
            Err(_) => Kind::Panicked,
        };
        Answer { own, ..Answer::nothing_but(kind) }
    }
}
