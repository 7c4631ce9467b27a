//! [`Throttled`]: a thread of its own waits and runs, and every call is taken.

use super::super::caller::{Answer, Call};
use super::super::course::PATIENCE;
use super::super::options::Options;
use super::super::record::Kind;
use super::super::recorder::Recorder;
use super::threads::{self, ThreadFront};
use super::{Front, OwnCounts, Start};
use atomic_throttle::{Pending, Shutdown, Throttled, WeakThrottled};
use std::sync::{Arc, OnceLock};

pub struct Background {
    throttled: Throttled,
}

impl Front for Background {
    fn new(options: &Options, recorder: &Arc<Recorder>) -> Result<Self, String> {
        let itself: Arc<OnceLock<WeakThrottled>> = Arc::default();
        let throttled = Throttled::builder(options.threshold)
            .name("storm")
            .spawn(function(recorder, &itself))
            .map_err(|e| format!("cannot start the thread of the throttle: {e}"))?;
        let _ = itself.set(throttled.downgrade());
        Ok(Self { throttled })
    }

    fn start(self: &Arc<Self>, start: Start) -> Result<(), String> {
        threads::start(self, start, Vec::new())
    }

    fn cancel(&self, _: usize) -> bool {
        self.throttled.cancel()
    }

    fn flush(&self, _: usize) -> bool {
        self.throttled.flush().is_ok()
    }

    fn is_busy(&self, _: usize) -> bool {
        let state = self.throttled.state();
        state.is_pending() || state.is_running()
    }

    fn is_owed(&self, _: usize) -> bool {
        self.throttled.is_owed()
    }

    fn threshold(&self) -> u64 {
        self.throttled.threshold().as_nanos()
    }

    fn end(&self) -> Result<OwnCounts, String> {
        match self.throttled.shutdown_within(Pending::Finish, PATIENCE) {
            Ok(Shutdown::Idle) => {
                let (runs, panics) = (Some(self.throttled.runs()), Some(self.throttled.panics()));
                Ok(OwnCounts { runs, panics, uncovered: None })
            }
            Ok(how) => Err(format!("nothing was pending, and yet it ended as {how:?}")),
            Err(why) => Err(format!("it did not end: {why}")),
        }
    }
}

impl ThreadFront for Background {
    #[inline]
    fn call(&self, call: &Call, _: &mut Vec<u64>) -> Answer {
        match self.throttled.trigger() {
            Ok(taken) => Answer::promised(Kind::Taken, taken.epoch(), call.waits.then(|| taken.wait())),
            Err(_) => Answer::nothing_but(Kind::NotTaken),
        }
    }
}

/// The function that it is bound to.
fn function(recorder: &Arc<Recorder>, itself: &Arc<OnceLock<WeakThrottled>>) -> impl FnMut() + Send + use<> {
    let (recorder, itself) = (Arc::clone(recorder), Arc::clone(itself));
    let mut seen = recorder.room();
    let stamp = move || {
        let throttled = itself.get().and_then(WeakThrottled::upgrade);
        throttled.map_or(0, |throttled| throttled.state().epoch().as_u64())
    };
    move || recorder.begin(0, &mut seen, &stamp).run()
}
