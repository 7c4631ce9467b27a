//! [`Throttled`]: a thread or a task of its own waits and runs, and every call is taken. A call
//! may bring something.

mod any;
mod function;

use self::any::Any;
pub(super) use self::function::{all, in_time, is_done, merge};
use super::home::Home;
use super::threads::{self, ThreadFront};
use super::{Front, OwnCounts, Start};
use crate::caller::{Answer, Call, Promised};
use crate::options::{BACK_OFF, Brings, Debounce, Options, Runner};
use crate::record::{Brought, Kind};
use crate::recorder::Recorder;
use atomic_throttle::{Pending, Retry, Shutdown, Snapshot, Throttled, ThrottledBuilder};
use measure_options::soak::Plant;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::runtime::Runtime;

pub struct Background {
    throttled: Any,
    recorder: Arc<Recorder>,
    patience: Duration,
    plant: Option<Plant>,
    /// What has the task, if one runs the function. Dropped after the throttle.
    _runtime: Option<Runtime>,
}

impl Front for Background {
    fn new(options: &Options, recorder: &Arc<Recorder>) -> Result<Self, String> {
        let home = match options.of_throttled.runner {
            Runner::Thread => None,
            Runner::Task => Some(Home::start()?),
        };
        let on = home.as_ref().map(|(home, _)| home.clone());
        let itself = Arc::default();
        let throttled = start(builder(options), options.of_throttled.payload, recorder, &itself, on)?;
        let _ = itself.set(throttled.downgrade());
        Ok(Self {
            throttled,
            recorder: Arc::clone(recorder),
            patience: options.patience,
            plant: options.plant,
            _runtime: home.map(|(_, runtime)| runtime),
        })
    }

    fn start(self: &Arc<Self>, start: Start) -> Result<(), String> {
        threads::start(self, start, Vec::new())
    }

    fn cancel(&self, _: usize) -> bool {
        self.throttled.cancel()
    }

    fn flush(&self, key: usize) -> bool {
        self.recorder.flush(key, || self.throttled.flush())
    }

    fn set_threshold(&self, threshold: Duration) {
        self.throttled.set_threshold(threshold);
    }

    fn look(&self, _: usize) -> Option<Snapshot> {
        Some(self.throttled.snapshot())
    }

    fn threshold(&self) -> u64 {
        self.throttled.threshold()
    }

    fn end(&self) -> Result<OwnCounts, String> {
        match self.throttled.shutdown(Pending::Finish, self.patience) {
            Ok(Shutdown::Idle) => {
                let (runs, panics) = self.throttled.counts();
                let remaining = self.throttled.take().into_iter().collect();
                Ok(OwnCounts { runs: Some(runs), panics: Some(panics), remaining, ..OwnCounts::default() })
            }
            Ok(how) => Err(format!("nothing was pending, and yet it ended as {how:?}")),
            Err(why) => Err(format!("it did not end: {why}")),
        }
    }
}

impl ThreadFront for Background {
    #[inline]
    fn call(&self, call: &Call, _: &mut Vec<u64>) -> Answer {
        let mut value = Brought::new(call.caller, call.number);
        if self.plant == Some(Plant::Forge) && call.number % 10 == 0 {
            value.number -= 1;
            self.throttled.call_unseen();
        }
        let Some(taken) = self.throttled.trigger(value) else { return Answer::nothing_but(Kind::NotTaken) };
        let epoch = taken.epoch();
        let is_counted = self.throttled.counts_before_it_decides();
        // The run before the covering one may have been told of a counted call. Then what a run has seen decides alone.
        let after = if is_counted { 0 } else { epoch.as_u64() };
        let waited = call.wait(&self.recorder, Some(after), |limit| match limit {
            None => taken.wait(),
            Some(limit) => taken.wait_for(limit),
        });
        let mut answer = Answer::promised(Kind::Taken, epoch, waited);
        if is_counted {
            answer.promise = Some(Promised::AfterOrSeen(epoch.as_u64()));
        }
        answer
    }
}

fn builder(options: &Options) -> ThrottledBuilder {
    let of = &options.of_throttled;
    let mut builder = Throttled::builder(options.threshold).name("storm");
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
    builder: ThrottledBuilder,
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
