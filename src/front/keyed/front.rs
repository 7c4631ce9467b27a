//! [`Keyed`] itself: its operations.

use super::builder::KeyedBuilder;
use super::error::KeyedError;
use super::hash::KeyHash;
use super::run::KeyedRun;
use super::shards::Shards;
use crate::clock::{Clock, Monotonic};
use crate::front::snapshot::Snapshot;
use crate::sync::{AtomicU64, Ordering, names_after_the_decision};
use crate::time::Threshold;
use core::borrow::Borrow;
use core::fmt;
use core::hash::{BuildHasher, Hash};
use std::borrow::ToOwned;

/// Runs a function at most once per threshold and key, at once or not at all, and forgets keys that are idle.
///
/// ```
/// use atomic_throttle::Keyed;
/// use std::time::Duration;
///
/// let warn = Keyed::<String>::new(Duration::from_secs(60));
/// // From any thread, as often as you like: at most one line a minute for each client.
/// for client in ["10.0.0.7", "10.0.0.8", "10.0.0.7"] {
///     let _ = warn.try_run(client, || println!("{client} sends malformed requests"));
/// }
/// assert_eq!(warn.len(), 2);
/// ```
///
/// *The function of a refused call is dropped, so it must not carry data that have to arrive*: no later run
/// stands for that call, not even for the last one. Keep such data beside the throttle, where the next run
/// reads them:
///
/// ```
/// use atomic_throttle::Keyed;
/// use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
/// use std::time::Duration;
///
/// static MALFORMED: AtomicU64 = AtomicU64::new(0);
///
/// let warn = Keyed::<String>::new(Duration::from_secs(60));
/// for _ in 0..3 {
///     MALFORMED.fetch_add(1, Relaxed); // First the data, then the call.
///     let _ = warn.try_run("10.0.0.7", || println!("{} malformed requests", MALFORMED.swap(0, Relaxed)));
/// }
/// assert_eq!(MALFORMED.load(Relaxed), 2); // The next run reports them. If no call comes, none does.
/// ```
///
/// If the last call of a key must not be lost, use [`KeyedThrottled`](crate::KeyedThrottled): it has a
/// trailing edge, and can count.
///
/// Share a `Keyed` by reference, in an `Arc` or in a `LazyLock`.
///
/// # Guarantees
///
/// For each key by itself:
///
/// * **G1** Two runs of a key start at least one threshold apart, by their stamps, also if the key was
///   evicted between them, if the clock went back, and if the threshold was changed. It is the threshold of the call
///   that runs: the one that it [names](Self::try_run_with_threshold), or the common one.
/// * **G2** Runs of a key never overlap. A run sees what the one before it wrote.
/// * **G6** A panic in a function wedges nothing: its window counts, and the panic goes on in the caller.
/// * **G8** Nothing overflows or panics, whatever the clock returns and whatever the threshold is.
/// * **G9** Every operation may be called from inside a run, on any key. None deadlocks.
///
/// There are no deferrals, so G3 to G5 have nothing to say. Of G7 this holds:
///
/// * A call on a known key, a look at one, and the end of a run share the lock of the key's shard. None of them waits
///   for another, on the same key or on any other.
/// * Each of them waits for a thread that has this lock alone: while a key comes in or goes, while a call on an
///   unknown key looks at some places of the table, and while the table of that one shard grows or shrinks. If that
///   thread is preempted, they wait until it goes on. So deciding is not lock-free. A run of a known key that looks for
///   keys to evict, and sees none, keeps nobody waiting.
/// * A call on an unknown key, [`evict`](Self::evict), and a call that makes room need the lock alone. They wait for
///   those who share it, and for each other.
/// * The first call of a thread on any `Keyed`, and the end of that thread, also take a lock of the process, for a
///   moment.
///
/// `Hash`, `Eq` and `Borrow` of the key must not panic, nor call this throttle: they run under that lock.
///
/// # Signal handlers and forked children
///
/// Call nothing of it in a signal handler: each call takes [a lock](crate::design::waiting#signal-handlers).
///
/// In a forked child it works, unless another thread of the parent was inside of a call or a run at the fork: then
/// calls on keys of that shard wait for ever, and a key whose run was in progress is refused for ever. The first
/// call of another thread of the child waits for ever, too, if a thread of the parent was in its own first call, or
/// ended. So make it [after the fork](crate::design::waiting#forked-children).
///
/// # Eviction
///
/// A key is evicted when its window is over and no run of it is in progress: it is as if it had never run. Which
/// window that is depends on the longest threshold of any call: the common one, or the longest one that a call has ever
/// [named](Self::try_run_with_threshold), on any key, also if that call was refused.
///
/// Some calls that run look at some places of one shard, by turns: at 32, and at up to 2048 as long as they
/// find more to evict than to keep. Each run of a key that comes in does so, and of the other runs of a thread
/// one in 32. They leave a key alone for a second after its latest start, so that one with a shorter window does
/// not come in again at each run; but a table of more than 32 places forgets it as soon as its window is over,
/// before the table grows. So after one look at each place all that could be evicted before is, and tables that are mostly
/// empty then have become smaller: after as many looks as there are shards, for each 2048 places of the largest of
/// them, if most is to be evicted (for a burst of a million keys some 2500 looks: as many calls on new keys, or
/// 80,000 on known ones), and for each 32 places otherwise. [`evict`](Self::evict) does it at
/// once, and does not wait for that second. Nor does a call that finds no room for its key.
///
/// What remains of evicted keys is the start of the latest one in each shard, and every unknown key is taken
/// for that one. It makes a difference in three cases: the clock goes back behind the end of that window; the threshold
/// is made longer; or a call names a longer one than any before. Then the first call on a new key may be refused
/// although the key never ran, until the window of the latest evicted key is over by the threshold of that call. A
/// threshold that was named before makes none: keys are kept for it, so all windows of evicted keys are over by it.
///
/// # Cost
///
/// A refused call is a clock reading, a hash, a lock that it shares with others, and a look-up. Up to eight threads
/// write to no common line for that lock. The first call of a thread may allocate, to give the thread a number.
///
/// A call that runs also moves the word of its key by a compare-and-swap. To finish it shares the lock and looks the
/// key up once more. One such call in 32 looks at some places of a shard, under a lock that it shares, and locks alone
/// if there is a key to evict. A call on a new key clones the key, locks alone, and looks for keys to evict.
///
/// An entry is the key, 8 bytes and one more, in tables that are between 7/8 and 7/16 full, each shard at
/// another point of that range: with `u64` keys, 27 to 32 bytes a key at any number above thirty
/// thousand, the shards included.
/// A shard that was used keeps its smallest table, for three keys, until [`evict`](Self::evict). For the second that
/// keys are left alone it may have up to 56 of them that could be gone.
///
/// # Counting refused calls
///
/// It counts none. With a number for each key that all callers write, a refused call of two threads would take about
/// twice as long as now. With several numbers for each key, on lines of their own, they would take more memory than the
/// keys. But each refused call returns an error, and its caller can count where no other thread writes:
///
/// ```
/// use atomic_throttle::Keyed;
/// use std::cell::Cell;
/// use std::time::Duration;
///
/// std::thread_local!(static REFUSED: Cell<u64> = const { Cell::new(0) });
///
/// let warn = Keyed::<String>::new(Duration::from_secs(60));
/// for _ in 0..3 {
///     if warn.try_run("10.0.0.7", || println!("malformed request")).is_err() {
///         REFUSED.set(REFUSED.get() + 1); // Each thread for itself.
///     }
/// }
/// assert_eq!(REFUSED.get(), 2);
/// ```
///
/// # What it is not
///
/// It has no trailing edge: a call that is refused is forgotten. It does not limit a rate with bursts.
pub struct Keyed<K, C = Monotonic, S = KeyHash> {
    pub(super) shards: Shards<K>,
    pub(super) threshold: AtomicU64,
    pub(super) clock: C,
    pub(super) hasher: S,
}

impl<K> Keyed<K> {
    /// A throttle on the [`Monotonic`] clock. Runs of one key start at least `threshold` apart, which is
    /// clamped to [`Threshold::MAX`].
    #[must_use]
    pub fn new(threshold: impl Into<Threshold>) -> Self {
        Self::builder(threshold).build()
    }

    /// A throttle with a clock, a hash, a number of shards, or a limit of keys.
    pub fn builder(threshold: impl Into<Threshold>) -> KeyedBuilder<K> {
        KeyedBuilder::new(threshold)
    }
}

impl<K, C> Keyed<K, C> {
    /// A throttle on any clock, with a threshold clamped to [`Threshold::MAX`].
    #[must_use]
    pub fn with_clock(threshold: impl Into<Threshold>, clock: C) -> Self {
        KeyedBuilder::new(threshold).clock(clock).build()
    }
}

impl<K: Hash + Eq, C: Clock, S: BuildHasher> Keyed<K, C, S> {
    /// Runs `f` now if `key` may run, or not at all. A refused call is forgotten, and `f` is dropped with all
    /// that it carries.
    ///
    /// The key may be passed in a borrowed form, `&str` for `String`; it is made an owned one only when it
    /// comes in.
    ///
    /// # Errors
    ///
    /// [`KeyedError::Refused`], with the time to retry at unless a run is in progress; [`KeyedError::Full`]
    /// for an unknown key where there is no room for another. Nothing was recorded.
    ///
    /// # Panics
    ///
    /// If `f` or the clock panics. The run, if it had started, has finished then (G6).
    #[inline]
    pub fn try_run<Q, T>(&self, key: &Q, f: impl FnOnce() -> T) -> Result<T, KeyedError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let _run = self.try_enter(key)?;
        Ok(f())
    }

    /// As [`try_run`](Self::try_run), by a threshold of this call: the run starts at least so long after the run of
    /// the key before it, whatever that one was decided by.
    ///
    /// ```
    /// use atomic_throttle::{Keyed, Manual, Timestamp};
    /// use std::time::Duration;
    ///
    /// const HOUR: Duration = Duration::from_secs(3600);
    /// const DAY: Duration = Duration::from_secs(24 * 3600);
    ///
    /// let warn = Keyed::<String, _>::with_clock(HOUR, Manual::new(Timestamp::from_nanos(1)));
    /// assert!(warn.try_run("10.0.0.7", || println!("malformed request")).is_ok());
    /// warn.clock().advance(HOUR);
    /// let known = || println!("a request of the scanner that we know");
    /// assert!(warn.try_run_with_threshold(DAY, "10.0.0.7", known).is_err());
    /// assert!(warn.try_run("10.0.0.7", || println!("malformed request")).is_ok());
    /// ```
    ///
    /// Keys are then kept for that long, and any key is, for as long as this throttle exists: see
    /// [Eviction](Self#eviction). So do not name a long threshold for one key among millions: give it a `Keyed` of its
    /// own.
    ///
    /// Cost: one load more, of a number that a call writes only if its threshold is longer than any that was named
    /// before.
    ///
    /// # Errors
    ///
    /// As [`try_run`](Self::try_run).
    ///
    /// # Panics
    ///
    /// As [`try_run`](Self::try_run).
    #[inline]
    pub fn try_run_with_threshold<Q, T>(
        &self,
        threshold: impl Into<Threshold>,
        key: &Q,
        f: impl FnOnce() -> T,
    ) -> Result<T, KeyedError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let _run = self.try_enter_with_threshold(threshold, key)?;
        Ok(f())
    }

    /// Starts a run of `key` if it may run now. Dropping the guard finishes it: for a run that is no
    /// function call, such as one that awaits.
    ///
    /// # Errors
    ///
    /// As [`try_run`](Self::try_run).
    ///
    /// # Panics
    ///
    /// If the clock panics.
    #[inline]
    pub fn try_enter<'k, Q>(&'k self, key: &'k Q) -> Result<KeyedRun<'k, K, Q>, KeyedError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.enter(key, || self.threshold())
    }

    /// As [`try_enter`](Self::try_enter), by a threshold of this call: see
    /// [`try_run_with_threshold`](Self::try_run_with_threshold).
    ///
    /// # Errors
    ///
    /// As [`try_run`](Self::try_run).
    ///
    /// # Panics
    ///
    /// If the clock panics.
    #[inline]
    pub fn try_enter_with_threshold<'k, Q>(
        &'k self,
        threshold: impl Into<Threshold>,
        key: &'k Q,
    ) -> Result<KeyedRun<'k, K, Q>, KeyedError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let threshold = threshold.into();
        if names_after_the_decision() {
            let run = self.enter(key, || threshold);
            self.shards.name(threshold);
            return run;
        }
        self.shards.name(threshold);
        self.enter(key, || threshold)
    }

    /// Evicts every key whose window is over and that has no run in progress, gives memory back, and returns
    /// how many keys those were.
    ///
    /// Calls go on meanwhile: it takes the lock of one shard after the other, each for as long as it takes to
    /// look at its keys.
    pub fn evict(&self) -> usize {
        self.shards.evict(self.common(self.now()), &self.hash_of())
    }
}

impl<K, C, S> Keyed<K, C, S> {
    /// Changes the threshold of all calls that name none, clamped to [`Threshold::MAX`]. It applies to windows that
    /// are not over. After a longer one, a call on a key that is not known may be refused until the latest window
    /// that was forgotten is over by the new threshold.
    ///
    /// Cost: one store.
    pub fn set_threshold(&self, threshold: impl Into<Threshold>) {
        // ORDERING: Relaxed; see `threshold`.
        self.threshold.store(threshold.into().as_nanos(), Ordering::Relaxed);
    }
}

impl<K: Hash + Eq, C: Clock, S: BuildHasher> Keyed<K, C, S> {
    /// Whether `key` is known: it ran, and was not evicted since. Whether it may run is another question.
    #[must_use]
    pub fn contains<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.shards.state(&self.hashed(key)).is_some()
    }

    /// All that there is to see of `key` at this moment; `None` if it is not known. Its window is that of a call which
    /// names no threshold.
    #[must_use]
    pub fn snapshot<Q>(&self, key: &Q) -> Option<Snapshot>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.shards.state(&self.hashed(key)).map(|state| Snapshot::new(state, self.threshold()))
    }
}

impl<K, C, S> Keyed<K, C, S> {
    /// The clock that its timestamps are readings of.
    pub fn clock(&self) -> &C {
        &self.clock
    }

    /// How many keys are known: those that ran and were not evicted since.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::try_from(self.shards.len()).unwrap_or(usize::MAX)
    }

    /// Whether no key is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes that it has allocated for its shards and their tables. What the keys themselves have
    /// allocated is not counted.
    ///
    /// Cost: the lock of each shard, one after the other.
    #[must_use]
    pub fn allocated_bytes(&self) -> usize {
        self.shards.allocated_bytes()
    }

    /// The shortest time between the starts of two runs of one key, for calls that name no threshold.
    #[must_use]
    pub fn threshold(&self) -> Threshold {
        // ORDERING: Relaxed. It publishes nothing but its own value.
        Threshold::from_nanos(self.threshold.load(Ordering::Relaxed))
    }
}

impl<K, C, S> fmt::Debug for Keyed<K, C, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyed")
            .field("keys", &self.len())
            .field("threshold", &self.threshold())
            .finish_non_exhaustive()
    }
}
