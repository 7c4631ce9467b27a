//! What can be set before a [`Throttled`] starts.

use super::engine::{Engine, OnFailure};
use super::shared::Shared;
#[cfg(feature = "async")]
use super::task::Driver;
use super::thread;
use super::{ByHand, Throttled};
use crate::clock::{Clock, Monotonic};
#[cfg(feature = "async")]
use crate::front::asynchronous::Runtime;
use crate::front::failure::{AnyError, Failure, Retry, RunResult};
use crate::front::owner::keeper::{DropPolicy, start};
use crate::front::owner::on_drop::OnDrop;
use crate::front::owner::{AnyClock, Panic, Pending};
use crate::front::pace::Pace;
use crate::front::payload::Payload;
use crate::time::Threshold;
use core::fmt;
use core::time::Duration;
use std::boxed::Box;
use std::io;
use std::string::String;
use std::sync::Arc;

/// Sets up a [`Throttled`].
///
/// ```
/// use atomic_throttle::{OnDrop, Pending, Throttled};
/// use std::time::Duration;
///
/// # fn main() -> std::io::Result<()> {
/// let save = Throttled::builder(Duration::from_secs(2))
///     .name("save")
///     .rest(Duration::from_millis(100))
///     .pending_on_drop(Pending::Flush)
///     .on_drop(OnDrop::WaitFor(Duration::from_secs(1)))
///     .on_panic(|panic| eprintln!("saving failed: {}", panic.message()))
///     .spawn(|| println!("saved"))?;
/// # drop(save);
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is started until `spawn`"]
pub struct ThrottledBuilder<P = ()> {
    payload: P,
    threshold: Threshold,
    name: String,
    clock: AnyClock,
    rest: Duration,
    pace: Pace,
    enough_calls: u64,
    /// How many runs in a row may be dropped for their successors.
    superseding: u32,
    at_drop: DropPolicy,
    on_failure: OnFailure,
}

impl ThrottledBuilder {
    pub(super) fn new(threshold: impl Into<Threshold>) -> Self {
        Self {
            payload: (),
            threshold: threshold.into(),
            name: String::from("throttled"),
            clock: Arc::new(Monotonic),
            rest: Duration::ZERO,
            pace: Pace::AtOnce,
            enough_calls: u64::MAX,
            superseding: 0,
            at_drop: DropPolicy::default(),
            on_failure: OnFailure::default(),
        }
    }

    pub(super) fn carrying<P>(self, payload: P) -> ThrottledBuilder<P> {
        let Self {
            payload: (),
            threshold,
            name,
            clock,
            rest,
            pace,
            enough_calls,
            superseding,
            at_drop,
            on_failure,
        } = self;
        ThrottledBuilder {
            payload,
            threshold,
            name,
            clock,
            rest,
            pace,
            enough_calls,
            superseding,
            at_drop,
            on_failure,
        }
    }

    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// What the system says if it cannot start a thread, or if the name contains a zero byte.
    pub fn spawn<R: RunResult>(self, mut f: impl FnMut() -> R + Send + 'static) -> io::Result<Throttled> {
        self.start(move |()| f().into_result())
    }
}

impl<P> ThrottledBuilder<P> {
    /// Starts no run sooner than `delay` after the first call that it covers. With `delay` as long as the threshold that is
    /// the trailing edge alone, as `auditTime` of `RxJS`; with a short one a burst has one run, and not one for its first call
    /// and one for the others.
    ///
    /// ```
    /// use atomic_throttle::Throttled;
    /// use std::time::Duration;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let second = Duration::from_millis(10);
    /// let save = Throttled::builder(second).delay(second).spawn(|| println!("saved"))?;
    /// # drop(save);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The window holds a run as well: it starts when both are over (G1). An end does not wait for the delay, only for the
    /// window; a flush waits for neither. It takes the place of an earlier `delay` or [`debounce`](Self::debounce).
    ///
    /// Cost: a reading of the clock for a call that makes a run pending.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.pace = Pace::Delay(delay);
        self
    }

    /// Starts a run when no call has come for `quiet`, and at the latest `at_latest` after the first call that it covers. So
    /// calls that never stop do not hold it for ever.
    ///
    /// ```
    /// use atomic_throttle::Throttled;
    /// use std::time::Duration;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (quiet, at_latest) = (Duration::from_millis(2), Duration::from_millis(20));
    /// let search = Throttled::builder(Duration::ZERO).debounce(quiet, at_latest).spawn(|| println!("searched"))?;
    /// # drop(search);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The window holds a run as well, beyond `at_latest` if that is over sooner (G1). An end does not wait for the quiet,
    /// only for the window; a flush waits for neither. It takes the place of an earlier [`delay`](Self::delay) or
    /// `debounce`.
    ///
    /// Cost: *each call* reads the clock and writes the time where all callers do, also one that coalesces. If the clock
    /// panics, the call does, and was not taken.
    pub fn debounce(mut self, quiet: Duration, at_latest: Duration) -> Self {
        self.pace = Pace::Debounce { quiet, at_latest };
        self
    }

    /// Leaves at least this time between the end of a run and the start of the next, in addition to the threshold.
    /// Use it if there must be a pause even where a run takes long or starts late. A flush ignores it.
    pub fn rest(mut self, rest: Duration) -> Self {
        self.rest = rest;
        self
    }

    /// Tries a run that failed again, as `retry` says. By default nothing is tried again: a run that failed has run, and
    /// its tickets return the error.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.on_failure.retry = Some(retry);
        self
    }

    /// Called after each run that failed, by an error or by a panic, where the function runs. If the hook itself panics,
    /// that panic is discarded.
    pub fn on_error(mut self, hook: impl FnMut(&Failure) + Send + 'static) -> Self {
        self.on_failure.on_error = Some(Box::new(hook));
        self
    }

    /// Drops the function of a run, in a task, when a newer call is pending whose run may start, at most `in_a_row` times one
    /// after the other; then a run is left to end. Without a bound, where runs take longer than the window and calls never
    /// stop, no run would ever end.
    ///
    /// What the function was given goes back to where calls leave it (G10), and the next run covers its calls. Without this
    /// a function may ask itself: [`Carried::superseded`](crate::Carried::superseded).
    ///
    /// A thread cannot drop what it runs: there [`spawn`](Self::spawn) returns an error. What is driven by hand ignores it.
    #[cfg(feature = "async")]
    pub fn superseding(mut self, in_a_row: u32) -> Self {
        self.superseding = in_a_row;
        self
    }

    /// What becomes of the pending run when the last handle is dropped. By default it is performed when it
    /// is due, and the drop waits for that: as long as the window, and for ever on a clock that nobody moves.
    pub fn pending_on_drop(mut self, pending: Pending) -> Self {
        self.at_drop.pending = pending;
        self
    }

    /// How long the drop of the last handle waits for the thread. Default: until the thread has ended. Where the last
    /// handle may be dropped in an async task, choose [`OnDrop::Detach`].
    pub fn on_drop(mut self, on_drop: OnDrop) -> Self {
        self.at_drop.on_drop = on_drop;
        self
    }

    /// Called on the background thread after each panic of the function. If the hook itself panics, that panic is
    /// discarded.
    pub fn on_panic(mut self, hook: impl FnMut(&Panic<'_>) + Send + 'static) -> Self {
        self.on_failure.on_panic = Some(Box::new(hook));
        self
    }

    /// Ends the throttle at the first panic of the function: what is pending then is owed, and every later
    /// call is refused with [`Ended::Panicked`](crate::Ended::Panicked).
    pub fn fatal_panics(mut self) -> Self {
        self.on_failure.panics_are_fatal = true;
        self
    }

    /// Names the thread. Default: "throttled". The name must not contain a zero byte.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Takes the time from `clock`.
    pub fn clock(mut self, clock: impl Clock + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    pub(super) fn enough_calls(mut self, calls: u64) -> Self {
        self.enough_calls = calls.max(1);
        self
    }

    pub(super) fn payload_mut(&mut self) -> &mut P {
        &mut self.payload
    }
}

impl<P: Payload> ThrottledBuilder<P> {
    /// Starts the thread, with a function of what a run is given.
    pub(super) fn start(
        self,
        f: impl FnMut(&mut P::Given) -> Result<(), AnyError> + Send + 'static,
    ) -> io::Result<Throttled<P>> {
        if self.superseding > 0 {
            let what = "a thread cannot drop a function that runs: use `superseding` with a task";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        }
        let (name, at_drop) = (self.name.clone(), self.at_drop);
        let engine = self.engine();
        let shared = Arc::clone(engine.shared());
        let thread = start(name, move || thread::work(engine, f))?;
        Ok(Throttled::new(shared, Some(thread), at_drop))
    }

    fn engine(self) -> Engine<P> {
        let enough = self.enough_calls.min(self.payload.most());
        let shared = Shared::new(self.threshold, self.pace, enough, self.clock, self.payload);
        Engine::new(shared, self.on_failure, self.rest)
    }

    /// What the user drives by hand.
    pub(super) fn start_by_hand<F: FnMut(&mut P::Given) -> Result<(), AnyError>>(
        self,
        f: F,
    ) -> (Throttled<P>, ByHand<P, F>) {
        let at_drop = self.at_drop;
        let engine = self.engine();
        let throttled = Throttled::new(Arc::clone(engine.shared()), None, at_drop);
        (throttled, ByHand::new(engine, f))
    }

    /// A task of `runtime`, on its clock.
    #[cfg(feature = "async")]
    pub(super) fn on<R: Runtime>(mut self, runtime: &Arc<R>) -> (Driver<P, R>, Throttled<P>) {
        self.clock = Arc::<R>::clone(runtime);
        let (at_drop, superseding) = (self.at_drop, self.superseding);
        let engine = self.engine();
        let throttled = Throttled::new(Arc::clone(engine.shared()), None, at_drop);
        (Driver::new(engine, Arc::clone(runtime), superseding), throttled)
    }
}

impl<P> fmt::Debug for ThrottledBuilder<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThrottledBuilder")
            .field("threshold", &self.threshold)
            .field("name", &self.name)
            .field("rest", &self.rest)
            .field("pace", &self.pace)
            .field("retry", &self.on_failure.retry)
            .field("pending_on_drop", &self.at_drop.pending)
            .field("on_drop", &self.at_drop.on_drop)
            .finish_non_exhaustive()
    }
}
