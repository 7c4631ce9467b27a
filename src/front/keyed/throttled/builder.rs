//! What can be set before a [`KeyedThrottled`] starts.

use super::KeyedThrottled;
use super::control::Rules;
use super::engine::{Engine, OnFailure};
use super::shared::{Parts, Shared, ThresholdOf};
#[cfg(feature = "async")]
use super::task::Driver;
use super::thread;
use crate::clock::{Clock, Monotonic};
#[cfg(feature = "async")]
use crate::front::asynchronous::{NoRuntime, Runtime};
use crate::front::failure::{AnyError, Failure, Retry, RunResult};
use crate::front::keyed::builder::KeyedBuilder;
use crate::front::keyed::hash::KeyHash;
use crate::front::owner::keeper::{DropPolicy, Keeper, start};
use crate::front::owner::on_drop::OnDrop;
use crate::front::owner::{AnyClock, Panic, Pending};
use crate::front::pace::Pace;
#[cfg(feature = "async")]
use crate::front::payload::Home;
use crate::front::payload::Payload;
use crate::time::Threshold;
use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::time::Duration;
use std::boxed::Box;
use std::io;
use std::string::String;
use std::sync::Arc;

/// How many runs in tasks may be in progress at once, if nothing is said.
const USUALLY_AT_ONCE: usize = 16;

/// Sets up a [`KeyedThrottled`].
///
/// ```
/// use atomic_throttle::{KeyedThrottled, Pending};
/// use std::time::Duration;
///
/// # fn main() -> std::io::Result<()> {
/// let save = KeyedThrottled::<String>::builder(Duration::from_secs(2))
///     .name("save")
///     .max_keys(100_000)
///     .pending_on_drop(Pending::Flush)
///     .on_panic(|file, panic| eprintln!("{file} was not saved: {}", panic.message()))
///     .spawn(|file| println!("{file} is saved"))?;
/// save.trigger("a.txt").unwrap();
/// # drop(save);
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is started until `spawn`"]
pub struct KeyedThrottledBuilder<K, P = (), S = KeyHash> {
    payload: P,
    keys: KeyedBuilder<K, AnyClock, S>,
    threshold_of: Option<ThresholdOf<K>>,
    name: String,
    pace: Pace,
    enough_calls: u64,
    at_once: usize,
    at_drop: DropPolicy,
    on_failure: OnFailure<K>,
}

impl<K> KeyedThrottledBuilder<K> {
    pub(super) fn new(threshold: impl Into<Threshold>) -> Self {
        let clock: AnyClock = Arc::new(Monotonic);
        Self {
            payload: (),
            keys: KeyedBuilder::new(threshold).clock(clock),
            threshold_of: None,
            name: String::from("throttled"),
            pace: Pace::AtOnce,
            enough_calls: u64::MAX,
            at_once: USUALLY_AT_ONCE,
            at_drop: DropPolicy::default(),
            on_failure: OnFailure::default(),
        }
    }
}

impl<K, S> KeyedThrottledBuilder<K, (), S> {
    pub(super) fn carrying<P>(self, payload: P) -> KeyedThrottledBuilder<K, P, S> {
        let Self { payload: (), keys, threshold_of, name, pace, enough_calls, at_once, at_drop, on_failure } =
            self;
        KeyedThrottledBuilder {
            payload,
            keys,
            threshold_of,
            name,
            pace,
            enough_calls,
            at_once,
            at_drop,
            on_failure,
        }
    }

    /// Starts the thread. The function is given the key.
    ///
    /// # Errors
    ///
    /// What the system says if it cannot start a thread, or if the name contains a zero byte.
    pub fn spawn<R: RunResult>(
        self,
        mut f: impl FnMut(&K) -> R + Send + 'static,
    ) -> io::Result<KeyedThrottled<K, (), S>>
    where
        K: Hash + Eq + Send + Sync + 'static,
        S: BuildHasher + Send + Sync + 'static,
    {
        self.start(move |key, ()| f(key).into_result())
    }
}

impl<K, P, S> KeyedThrottledBuilder<K, P, S> {
    /// As [`KeyedBuilder::max_keys`]; a call that finds no room is refused with
    /// [`NotTaken::Full`](super::NotTaken::Full) or [`Reason::TooManyKeys`](crate::Reason::TooManyKeys). A key counts while
    /// it is pending, too.
    pub fn max_keys(mut self, max_keys: usize) -> Self {
        self.keys = self.keys.max_keys(max_keys);
        self
    }

    /// Gives each key a threshold of its own, in place of the one that all have.
    ///
    /// ```
    /// use atomic_throttle::{KeyedThrottled, Threshold};
    /// use std::time::Duration;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let notify = KeyedThrottled::<String>::builder(Duration::from_secs(1))
    ///     .threshold_of(|tenant| {
    ///         let seconds = if tenant.starts_with("free-") { 60 } else { 1 };
    ///         Threshold::new(Duration::from_secs(seconds))
    ///     })
    ///     .spawn(|tenant| println!("{tenant} was notified"))?;
    /// # drop(notify);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// It is asked on the thread or in the task: where a pending run is put in order, and before a run starts, or before the
    /// function if a flush has started it. [`snapshot`](KeyedThrottled::snapshot) asks it, too. What it returns may change:
    /// after that call [`retime`](KeyedThrottled::retime), which has it asked once more for all that is pending. If it panics
    /// there, that ends the throttle as a panic of the clock does.
    ///
    /// Keys are kept for the longest threshold that any of them has had: one key with an hour keeps all others in memory for
    /// an hour. So no key has to wait for a window of another one that was forgotten.
    pub fn threshold_of(mut self, threshold: impl Fn(&K) -> Threshold + Send + Sync + 'static) -> Self {
        self.threshold_of = Some(Box::new(threshold));
        self
    }

    /// As [`ThrottledBuilder::delay`](crate::ThrottledBuilder::delay), for each key.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.pace = Pace::Delay(delay);
        self
    }

    /// As [`ThrottledBuilder::debounce`](crate::ThrottledBuilder::debounce), for each key.
    pub fn debounce(mut self, quiet: Duration, at_latest: Duration) -> Self {
        self.pace = Pace::Debounce { quiet, at_latest };
        self
    }

    /// Tries a run that failed again, as `retry` says, each key by itself: a key in its back-off holds up no other. By
    /// default nothing is tried again: a run that failed has run, and its tickets return the error.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.on_failure.retry = Some(retry);
        self
    }

    /// Called after each run that failed, by an error or by a panic, where the function runs, with the key of the run. If
    /// the hook itself panics, that panic is discarded.
    pub fn on_error(mut self, hook: impl FnMut(&K, &Failure) + Send + 'static) -> Self {
        self.on_failure.on_error = Some(Box::new(hook));
        self
    }

    /// Has at most so many runs in progress at once where a task performs them; 0 counts as 1. Default: 16. There are never
    /// two of one key. A thread performs one at a time.
    #[cfg(feature = "async")]
    pub fn max_concurrent(mut self, runs: usize) -> Self {
        self.at_once = runs.max(1);
        self
    }

    /// What becomes of the pending runs when the last handle is dropped. By default each is performed when it
    /// is due, and the drop waits for that.
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

    /// Called on the background thread after each panic of the function, with the key of the run. If the hook
    /// itself panics, that panic is discarded.
    pub fn on_panic(mut self, hook: impl FnMut(&K, &Panic<'_>) + Send + 'static) -> Self {
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
        let clock: AnyClock = Arc::new(clock);
        self.keys = self.keys.clock(clock);
        self
    }

    /// Hashes keys by `hasher`.
    pub fn hasher<S2>(self, hasher: S2) -> KeyedThrottledBuilder<K, P, S2> {
        let Self { payload, keys, threshold_of, name, pace, enough_calls, at_once, at_drop, on_failure } =
            self;
        let keys = keys.hasher(hasher);
        KeyedThrottledBuilder {
            payload,
            keys,
            threshold_of,
            name,
            pace,
            enough_calls,
            at_once,
            at_drop,
            on_failure,
        }
    }

    /// As [`KeyedBuilder::shards`].
    pub fn shards(mut self, shards: usize) -> Self {
        self.keys = self.keys.shards(shards);
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

impl<K, P, S> KeyedThrottledBuilder<K, P, S>
where
    K: Hash + Eq + Send + Sync + 'static,
    P: Payload,
    S: BuildHasher + Send + Sync + 'static,
{
    /// Starts the thread, with a function of what a run is given.
    pub(super) fn start(
        self,
        f: impl FnMut(&K, &mut P::Given) -> Result<(), AnyError> + Send + 'static,
    ) -> io::Result<KeyedThrottled<K, P, S>> {
        let (name, at_drop) = (self.name.clone(), self.at_drop);
        let engine = self.engine();
        let shared = Arc::clone(engine.shared());
        let thread = start(name, move || thread::work(engine, f))?;
        Ok(KeyedThrottled::new(shared, Some(thread), at_drop))
    }

    /// Spawns a task of `runtime`, on its clock.
    #[cfg(feature = "async")]
    pub(super) fn start_on<R, Fut>(
        mut self,
        runtime: R,
        call: impl Fn(&K, P::Given, &Home<P::Given>) -> Fut + Send + Sync + 'static,
    ) -> Result<KeyedThrottled<K, P, S>, NoRuntime>
    where
        R: Runtime,
        Fut: Future<Output = Result<(), AnyError>> + Send + 'static,
    {
        runtime.ready()?;
        let runtime = Arc::new(runtime);
        let clock: AnyClock = Arc::<R>::clone(&runtime);
        self.keys = self.keys.clock(clock);
        let (at_drop, at_once) = (self.at_drop, self.at_once);
        let engine = self.engine();
        let shared = Arc::clone(engine.shared());
        let driver = Driver { engine, runtime: Arc::clone(&runtime), at_once };
        runtime.spawn(driver.work(call))?;
        Ok(KeyedThrottled::new(shared, None, at_drop))
    }

    fn engine(self) -> Engine<K, P, S> {
        let enough = self.enough_calls.min(self.payload.most());
        let rules = Rules {
            payload: self.payload,
            pace: self.pace,
            enough,
            tries_again: self.on_failure.retry.is_some(),
        };
        let (shards, threshold, clock, hasher) = self.keys.into_parts();
        let parts = Parts { shards, threshold, threshold_of: self.threshold_of, clock, hasher, rules };
        Engine::new(Shared::new(parts), self.on_failure)
    }
}

impl<K: Hash + Eq, P: Payload, S: BuildHasher> KeyedThrottled<K, P, S> {
    fn new(
        shared: Arc<Shared<K, P, S>>,
        thread: Option<crate::sync::JoinHandle<()>>,
        at_drop: DropPolicy,
    ) -> Self {
        let keeper = Arc::new(Keeper::new(Arc::clone(&shared), thread, at_drop));
        Self { shared, keeper }
    }
}

impl<K, P, S> fmt::Debug for KeyedThrottledBuilder<K, P, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedThrottledBuilder")
            .field("name", &self.name)
            .field("pace", &self.pace)
            .field("retry", &self.on_failure.retry)
            .field("pending_on_drop", &self.at_drop.pending)
            .field("on_drop", &self.at_drop.on_drop)
            .finish_non_exhaustive()
    }
}
