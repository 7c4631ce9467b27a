//! What can be set before a [`KeyedThrottled`] starts.

use super::KeyedThrottled;
use super::panics::PanicPolicy;
use super::shared::Shared;
use super::worker::{KeyedPanicHook, Worker};
use crate::clock::{Clock, Monotonic};
use crate::front::keyed::builder::KeyedBuilder;
use crate::front::keyed::hash::KeyHash;
use crate::front::owner::keeper::{DropPolicy, Keeper, start};
use crate::front::owner::on_drop::OnDrop;
use crate::front::owner::{AnyClock, Panic, Pending};
use crate::time::Threshold;
use core::fmt;
use core::hash::{BuildHasher, Hash};
use std::boxed::Box;
use std::io;
use std::string::String;
use std::sync::Arc;

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
pub struct KeyedThrottledBuilder<K, S = KeyHash> {
    keys: KeyedBuilder<K, AnyClock, S>,
    name: String,
    at_drop: DropPolicy,
    hook: Option<KeyedPanicHook<K>>,
    are_panics_fatal: bool,
}

impl<K> KeyedThrottledBuilder<K> {
    pub(super) fn new(threshold: impl Into<Threshold>) -> Self {
        let clock: AnyClock = Arc::new(Monotonic);
        Self {
            keys: KeyedBuilder::new(threshold).clock(clock),
            name: String::from("throttled"),
            at_drop: DropPolicy::default(),
            hook: None,
            are_panics_fatal: false,
        }
    }
}

impl<K, S> KeyedThrottledBuilder<K, S> {
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
    pub fn hasher<S2>(self, hasher: S2) -> KeyedThrottledBuilder<K, S2> {
        let Self { keys, name, at_drop, hook, are_panics_fatal } = self;
        KeyedThrottledBuilder { keys: keys.hasher(hasher), name, at_drop, hook, are_panics_fatal }
    }

    /// As [`KeyedBuilder::shards`].
    pub fn shards(mut self, shards: usize) -> Self {
        self.keys = self.keys.shards(shards);
        self
    }

    /// As [`KeyedBuilder::max_keys`]; a call that finds no room is refused with
    /// [`NotTaken::Full`](super::NotTaken::Full). A key counts while it is pending, too.
    pub fn max_keys(mut self, max_keys: usize) -> Self {
        self.keys = self.keys.max_keys(max_keys);
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
        self.hook = Some(Box::new(hook));
        self
    }

    /// Ends the throttle at the first panic of the function: what is pending then is owed, and every later
    /// call is refused with [`Ended::Panicked`](crate::Ended::Panicked).
    pub fn fatal_panics(mut self) -> Self {
        self.are_panics_fatal = true;
        self
    }

    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// What the system says if it cannot start a thread, or if the name contains a zero byte.
    pub fn spawn(self, mut f: impl FnMut(&K) + Send + 'static) -> io::Result<KeyedThrottled<K, S>>
    where
        K: Hash + Eq + Send + Sync + 'static,
        S: BuildHasher + Send + Sync + 'static,
    {
        self.spawn_with(false, move |key, _| f(key))
    }

    /// Starts a thread whose function receives the number of calls that each run covers.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn).
    pub fn spawn_counted(self, f: impl FnMut(&K, u64) + Send + 'static) -> io::Result<KeyedThrottled<K, S>>
    where
        K: Hash + Eq + Send + Sync + 'static,
        S: BuildHasher + Send + Sync + 'static,
    {
        self.spawn_with(true, f)
    }

    fn spawn_with(
        self,
        counts: bool,
        f: impl FnMut(&K, u64) + Send + 'static,
    ) -> io::Result<KeyedThrottled<K, S>>
    where
        K: Hash + Eq + Send + Sync + 'static,
        S: BuildHasher + Send + Sync + 'static,
    {
        let (shards, threshold, clock, hasher) = self.keys.into_parts();
        let shared = Arc::new(Shared::new(shards, threshold, clock, hasher, counts));
        let panics = PanicPolicy { hook: None, fatal: self.are_panics_fatal };
        let worker = Worker { shared: Arc::clone(&shared), f, hook: self.hook, panics };
        let thread = start(self.name, move || worker.work())?;
        let keeper = Keeper::new(Arc::clone(&shared), Some(thread), self.at_drop);
        Ok(KeyedThrottled { shared, keeper: Arc::new(keeper) })
    }
}

impl<K, S> fmt::Debug for KeyedThrottledBuilder<K, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedThrottledBuilder")
            .field("name", &self.name)
            .field("pending_on_drop", &self.at_drop.pending)
            .field("on_drop", &self.at_drop.on_drop)
            .finish_non_exhaustive()
    }
}
