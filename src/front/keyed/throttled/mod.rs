//! [`KeyedThrottled`]: the trailing edge for each of many keys. One thread of its own runs the one function
//! for all of them; no caller ever waits.
//!
//! # How a call reaches the thread
//!
//! A key has the state that it has in a [`Keyed`](super::Keyed), 8 bytes, moved under the lock of its shard
//! by the transitions that move the word of a gate. A call that is not coalesced is a *request*: a deferral
//! whose owner is the thread.
//!
//! A request moves the state of its key under the lock of the shard. In the same step it hands the deferral
//! over, under the one lock that orders requests, flushes and the end. So it comes before the end or after
//! it.
//!
//! # What is kept of a key
//!
//! A key has a second entry beside its 8 bytes only while it has an owner. The entry holds a clone of the
//! key, the number of calls that its run is to cover, and the number of the promise of that run. By that
//! number, a thread that waits for everything learns that the promise was kept.
//!
//! # Whose turn it is
//!
//! The thread keeps what it owns in the order of the epochs. All keys have one threshold, so windows end in
//! the order in which they began, and a changed threshold changes nothing in that order. Re-timing a million
//! pending keys is one look at the first. Those whose windows are over go on in the order in which the thread
//! saw that. So new keys, which are due at once, do not hold up any other key for ever.
//!
//! A cancelled or flushed deferral stays with the thread until its turn, as in a gate. So that they cannot
//! pile up, the thread forgets them when they are half of what it has.
//!
//! When nothing is pending and the latest window is over, the thread evicts what is left, without a further
//! call.

mod agenda;
mod builder;
mod control;
mod error;
mod moves;
mod panics;
mod promises;
mod shared;
mod weak;
mod worker;

pub use self::builder::KeyedThrottledBuilder;
pub use self::error::NotTaken;
pub use self::weak::WeakKeyedThrottled;

use self::shared::Shared;
use super::hash::KeyHash;
use crate::front::outcome::NotFlushed;
use crate::front::owner::Pending;
use crate::front::owner::keeper::{Ending, Keeper};
use crate::front::wait::WaitError;
use crate::time::Threshold;
use core::borrow::Borrow;
use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::time::Duration;
use std::borrow::ToOwned;
use std::sync::Arc;

/// Runs one function on a thread of its own, at most once per threshold and key, never loses the last request
/// of a key, and forgets keys that are idle.
///
/// ```
/// use atomic_throttle::KeyedThrottled;
/// use std::time::Duration;
///
/// let alert = KeyedThrottled::spawn_counted(Duration::from_millis(10), |client: &String, calls| {
///     println!("{client}: {calls} malformed requests");
/// });
/// // From any thread, as often as you like: it never waits, and never prints here.
/// for _ in 0..1000 {
///     alert.trigger("10.0.0.7").unwrap();
///     alert.trigger("10.0.0.8").unwrap();
/// }
/// // Nobody has to call once more for the last ones to be reported.
/// alert.wait().unwrap();
/// assert_eq!(alert.pending(), 0);
/// ```
///
/// The first call on a key runs at once, in the background. Of the calls inside its window one makes a run
/// pending, and the thread performs it when the window is over; the others coalesce into it. The thread
/// performs one run after the other, of whatever key, in the order in which it saw that they were due.
///
/// Clones are handles to the same throttle, in all threads. When the last one is dropped, the pending runs
/// are performed when they are due, and the thread is joined: **the drop waits for the windows and for the
/// function**. [`KeyedThrottledBuilder::pending_on_drop`] flushes or discards the runs instead,
/// [`KeyedThrottledBuilder::on_drop`] limits the wait, and [`shutdown`](Self::shutdown) says what happened.
///
/// The drop hangs if the function needs the thread that drops the handle, or a lock that this thread holds:
/// [`OnDrop`](crate::OnDrop#when-a-drop-hangs) has the cases. If the last handle may be dropped in an async
/// task, choose [`OnDrop::Detach`](crate::OnDrop::Detach).
///
/// A `static` (in a `LazyLock`) is never dropped: [shut it down](Self::shutdown) before `main` returns, or what is
/// pending then does not run. After the end only [`evict`](Self::evict) evicts keys. A function that is to call its
/// own throttle holds a [`WeakKeyedThrottled`]: a handle in it would keep the last one from being dropped.
///
/// # Guarantees
///
/// For each key by itself:
///
/// * **G1** Two runs of a key start at least one threshold apart, also if the key was evicted between them,
///   as for [`Keyed`](crate::Keyed). [`flush`](Self::flush) and [`Pending::Flush`] are the exceptions.
/// * **G2** Runs never overlap, not those of different keys either.
/// * **G3** A call that was taken ([`trigger`](Self::trigger) returned `Ok`) is covered by a run of its key that
///   starts after it and sees what the caller wrote before it; or [`cancel`](Self::cancel) or
///   [`Pending::Discard`] cancelled it; or the key stays visibly owed, after a fatal panic.
/// * **G4** At most one run of a key is pending, and the thread owns it.
/// * **G5** A pending run starts when the window of its key is over, and the runs of other keys that were
///   seen to be due before it are done. A run that takes long delays those of all keys.
/// * **G6** A panic of the function is caught and counted. [`KeyedThrottledBuilder::on_panic`] and every wait
///   for the run report it, and the throttle goes on: its window counts, and what is pending stays pending.
/// * **G8** Nothing overflows or panics, whatever the clock returns and whatever the threshold is.
/// * **G9** Every operation may be called from inside the run, on any key. None deadlocks: a wait returns
///   [`WaitError::InsideRun`].
///
/// G7 is not promised, as for [`Keyed`](crate::Keyed): a call takes the lock of the shard of its key. Calls
/// that coalesce share that lock.
///
/// `Hash`, `Eq` and `Borrow` of the key, and the hasher, must not panic, nor call this throttle: they run under
/// that lock. A clock that panics on the thread ends it as a fatal panic does, and so does a `Drop` of a key; of
/// keys that are evicted together, a second one that panics aborts the process, as in any collection.
///
/// # Signal handlers and forked children
///
/// Call nothing of it in a signal handler: each call takes a lock. [Signal
/// handlers](crate::design::waiting#signal-handlers) says what to write instead.
///
/// A forked child does not have the thread. There a call on a key that is not pending is refused with
/// [`Ended::Forked`](crate::Ended::Forked), waits and [`shutdown`](Self::shutdown) return
/// [`WaitError::Forked`], [`cancel`](Self::cancel), [`evict`](Self::evict) and the looks at a key find nothing, and
/// drops return at once. A call on a key that was pending at the fork returns `Ok`, and no run comes: it does not
/// look. So start the throttle after the fork. [Forked
/// children](crate::design::waiting#forked-children) has the details.
///
/// # Eviction
///
/// As for [`Keyed`](crate::Keyed), by the thread, after each of its runs. A key that is pending, cancelled
/// and not acknowledged, owed, or in progress is never evicted. When nothing is pending, and the window of
/// the latest run is over, the thread evicts all that is left, with the lock of one shard after the other.
/// So a burst of keys is forgotten without a further call.
///
/// # Counts
///
/// With [`spawn_counted`](Self::spawn_counted) a run receives the exact number of calls on its key that it covers:
/// each call that was taken is in the number of the run that covers it. Those whose run was cancelled,
/// discarded or is owed are in [`uncovered`](Self::uncovered). Calls that were refused are in neither.
///
/// # Events
///
/// With the feature `tracing` it emits [the events of the others](crate#features), but without the key, because a
/// key need not be [`Debug`](fmt::Debug). The function and [`KeyedThrottledBuilder::on_panic`] receive the key.
///
/// # Cost
///
/// A call while a run of its key is pending is a hash, a lock that it shares with other readers, and a
/// look-up; with counts, another look-up and an increment. One that makes a run pending asks for the process
/// id, clones the key, and once more if it was not known, allocates, takes the lock of the shard alone and in it one that all keys
/// share, for a push, and wakes the thread if that sleeps; it takes that second lock once before, too, so that
/// after the end nothing is cloned. For a key that was not known the clock is read.
///
/// An idle key takes what it takes in a [`Keyed`](crate::Keyed). One that is pending takes, beside that, its
/// clone, and some 100 bytes. A threshold that changes is one look of the thread, however many keys are
/// pending; those that were due, and are not any more, go back one by one. The thread is as one of a
/// [`Throttled`](crate::Throttled#cost).
pub struct KeyedThrottled<K, S = KeyHash> {
    shared: Arc<Shared<K, S>>,
    keeper: Arc<Keeper<Shared<K, S>>>,
}

impl<K: Hash + Eq + Send + Sync + 'static> KeyedThrottled<K> {
    /// Starts a thread that runs `f` at most once per `threshold` and key, clamped to [`Threshold::MAX`], on
    /// the [`Monotonic`](crate::Monotonic) clock. It runs nothing until the first [`trigger`](Self::trigger).
    ///
    /// # Panics
    ///
    /// If the system cannot start a thread; [`KeyedThrottledBuilder::spawn`] returns an error instead.
    #[must_use = "dropping the last handle ends the thread"]
    pub fn spawn(threshold: impl Into<Threshold>, f: impl FnMut(&K) + Send + 'static) -> Self {
        Self::builder(threshold).spawn(f).expect("the system can start a thread")
    }

    /// As [`spawn`](Self::spawn); `f` also receives the number of calls that its run covers.
    ///
    /// # Panics
    ///
    /// If the system cannot start a thread; [`KeyedThrottledBuilder::spawn_counted`] returns an error instead.
    #[must_use = "dropping the last handle ends the thread"]
    pub fn spawn_counted(threshold: impl Into<Threshold>, f: impl FnMut(&K, u64) + Send + 'static) -> Self {
        Self::builder(threshold).spawn_counted(f).expect("the system can start a thread")
    }
}

impl<K> KeyedThrottled<K> {
    /// A throttle with a thread name, a clock, a hash, a number of shards, a limit of keys, another end, or
    /// a way with panics.
    pub fn builder(threshold: impl Into<Threshold>) -> KeyedThrottledBuilder<K> {
        KeyedThrottledBuilder::new(threshold)
    }
}

impl<K: Hash + Eq, S: BuildHasher> KeyedThrottled<K, S> {
    /// Asks for a run of `key`, and returns at once. Never waits for a run, and never runs the function
    /// itself. It is not refused because a window is not over.
    ///
    /// The key may be passed in a borrowed form, `&str` for `String`; it is made an owned one only when no run
    /// of it is pending. Cost: see [`KeyedThrottled`](Self#cost).
    ///
    /// # Errors
    ///
    /// [`NotTaken::Ended`]; [`NotTaken::Full`] for an unknown key where there is no room for another. No run
    /// is promised.
    ///
    /// # Panics
    ///
    /// If the clock panics, which is read for a key that is not known, or the key, when it is cloned: nothing was
    /// recorded then. If a key panics when it is dropped, one that was evicted, say: the call was taken then.
    #[inline]
    pub fn trigger<Q>(&self, key: &Q) -> Result<(), NotTaken>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.shared.trigger(key)
    }

    /// Has the pending run of `key` start now, whether the window is over or not: the exception from G1. The
    /// key starts a new window.
    ///
    /// The run has started when this returns, by its stamp; the thread performs it, after the run in progress
    /// and those that were flushed before, by turns with others that are due.
    ///
    /// # Errors
    ///
    /// [`NotFlushed`]: nothing has started. What was pending stays pending.
    pub fn flush<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Result<(), NotFlushed>
    where
        K: Borrow<Q>,
    {
        self.shared.flush(key)
    }

    /// Gives up the pending or owed run of `key` and returns whether there was one. The window stays: the
    /// next run of the key keeps its distance (G1). A wait that waits for it returns
    /// [`WaitError::Cancelled`].
    #[allow(
        clippy::must_use_candidate,
        reason = "whoever wants no run need not know whether one was pending"
    )]
    pub fn cancel<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.shared.cancel(key)
    }

    /// Evicts every key that can be, gives memory back, and returns how many keys those were. The thread
    /// does so by itself; see [eviction](Self#eviction).
    #[allow(clippy::must_use_candidate, reason = "whoever wants room need not know how much there is")]
    pub fn evict(&self) -> usize {
        if self.shared.is_forked() {
            return 0;
        }
        self.shared.shards.evict(self.shared.at(), &self.shared.hash_of())
    }
}

impl<K, S> KeyedThrottled<K, S> {
    /// Waits until all that was requested before has been run, of all keys.
    ///
    /// # Errors
    ///
    /// [`WaitError`], of the first of these runs that panicked or was cancelled, when the others have been
    /// run; [`Owed`](WaitError::Owed) if a key is owed a run; [`InsideRun`](WaitError::InsideRun) inside the
    /// run. Never `TimedOut`.
    pub fn wait(&self) -> Result<(), WaitError> {
        self.shared.wait_for_all(None)
    }

    /// As [`wait`](Self::wait), at most for `limit` on the throttle's clock.
    ///
    /// # Errors
    ///
    /// [`WaitError`], with [`TimedOut`](WaitError::TimedOut) when the limit has passed.
    pub fn wait_for(&self, limit: Duration) -> Result<(), WaitError> {
        self.shared.wait_for_all(Some(self.shared.within(limit)))
    }

    /// Ends the throttle: no further calls are taken, and `pending` says what becomes of the pending runs. Returns at once,
    /// with a handle to wait for the end. That tells [`Shutdown::Discarded`](crate::Shutdown::Discarded) if any run was
    /// discarded, otherwise [`Shutdown::Ran`](crate::Shutdown::Ran) if any was performed since. All handles stay valid; calls by them are refused.
    ///
    /// Where several ask, each for another end, the soonest counts: discard, flush, finish.
    ///
    /// ```
    /// use atomic_throttle::{Pending, Shutdown, KeyedThrottled};
    /// use std::time::Duration;
    ///
    /// let save = KeyedThrottled::spawn(Duration::from_secs(1), |_: &u32| ());
    /// // In a task: `save.shutdown(Pending::Finish).await`.
    /// assert_eq!(save.shutdown(Pending::Finish).wait(), Ok(Shutdown::Idle));
    /// ```
    pub fn shutdown(&self, pending: Pending) -> Ending<'_>
    where
        K: Send + Sync,
        S: Send + Sync,
    {
        self.keeper.end(pending);
        Ending::new(&*self.keeper)
    }

    /// Changes the threshold of all keys, clamped to [`Threshold::MAX`]. It applies to present windows, too:
    /// pending runs are re-timed at once, sooner or later. After a longer one, a call on a key that is not known
    /// may have to wait until the latest window that was forgotten is over by the new threshold.
    pub fn set_threshold(&self, threshold: impl Into<Threshold>) {
        self.shared.set_threshold(threshold.into());
        if !self.shared.is_forked() {
            self.shared.waiting().notify();
        }
    }

    /// Has all who wait read the clock again: the thread that performs the pending runs, and waits with a limit.
    ///
    /// Call it after a jump of a clock that runs ahead of the timer of the system, at the end of a suspension, for
    /// example: see [waiting](crate::Clock#waiting). It changes no deadline, and starts nothing early.
    ///
    /// Cost: one fence, one load.
    pub fn retime(&self) {
        self.shared.waiting().notify();
    }

    /// A handle that does not keep the throttle going: for the function itself.
    #[must_use]
    pub fn downgrade(&self) -> WeakKeyedThrottled<K, S> {
        WeakKeyedThrottled::new(&self.shared, &self.keeper)
    }
}

impl<K, S> Clone for KeyedThrottled<K, S> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), keeper: Arc::clone(&self.keeper) }
    }
}

impl<K, S> fmt::Debug for KeyedThrottled<K, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedThrottled")
            .field("keys", &self.len())
            .field("pending", &self.pending())
            .field("threshold", &self.threshold())
            .finish_non_exhaustive()
    }
}

// Last, so that the operations come first on the page.
mod look;
