//! What can be set before a [`Throttled`] starts.

use super::Throttled;
use super::shared::Shared;
use super::worker::Worker;
use crate::clock::{Clock, Monotonic};
use crate::front::owner::keeper::{DropPolicy, Keeper, start};
use crate::front::owner::on_drop::OnDrop;
use crate::front::owner::{AnyClock, Panic, PanicPolicy, Pending};
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
pub struct Builder<P = ()> {
    payload: P,
    threshold: Threshold,
    name: String,
    clock: AnyClock,
    rest: Duration,
    at_drop: DropPolicy,
    panics: PanicPolicy,
}

impl Builder {
    pub(super) fn new(threshold: impl Into<Threshold>) -> Self {
        Self {
            payload: (),
            threshold: threshold.into(),
            name: String::from("throttled"),
            clock: Arc::new(Monotonic),
            rest: Duration::ZERO,
            at_drop: DropPolicy::default(),
            panics: PanicPolicy::default(),
        }
    }

    pub(super) fn carrying<P>(self, payload: P) -> Builder<P> {
        let Self { payload: (), threshold, name, clock, rest, at_drop, panics } = self;
        Builder { payload, threshold, name, clock, rest, at_drop, panics }
    }

    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// What the system says if it cannot start a thread, or if the name contains a zero byte.
    pub fn spawn(self, mut f: impl FnMut() + Send + 'static) -> io::Result<Throttled> {
        self.start(move |()| f())
    }
}

impl<P> Builder<P> {
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

    /// Leaves at least this time between the end of a run and the start of the next, in addition to the threshold.
    /// Use it if there must be a pause even where a run takes long or starts late. A flush ignores it.
    pub fn rest(mut self, rest: Duration) -> Self {
        self.rest = rest;
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
        self.panics.hook = Some(Box::new(hook));
        self
    }

    /// Ends the throttle at the first panic of the function: what is pending then is owed, and every later
    /// call is refused with [`Ended::Panicked`](crate::Ended::Panicked).
    pub fn fatal_panics(mut self) -> Self {
        self.panics.fatal = true;
        self
    }

    pub(super) fn payload_mut(&mut self) -> &mut P {
        &mut self.payload
    }
}

impl<P: Payload> Builder<P> {
    /// Starts the thread, with a function of what a run is given.
    pub(super) fn start(self, f: impl FnMut(&mut P::Given) + Send + 'static) -> io::Result<Throttled<P>> {
        let shared = Arc::new(Shared::new(self.threshold, self.clock, self.payload));
        let worker = Worker { shared: Arc::clone(&shared), f, panics: self.panics, rest: self.rest };
        let thread = start(self.name, move || worker.work())?;
        let keeper = Keeper::new(Arc::clone(&shared), thread, self.at_drop);
        Ok(Throttled { shared, keeper: Arc::new(keeper) })
    }
}

impl<P> fmt::Debug for Builder<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("threshold", &self.threshold)
            .field("name", &self.name)
            .field("rest", &self.rest)
            .field("pending_on_drop", &self.at_drop.pending)
            .field("on_drop", &self.at_drop.on_drop)
            .finish_non_exhaustive()
    }
}
