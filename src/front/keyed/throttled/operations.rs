//! What every [`KeyedThrottled`] does, whatever its calls bring.

use super::ticket::Call;
use super::{AllKeys, KeyTicket, KeyedThrottled, WeakKeyedThrottled};
use crate::front::outcome::NotFlushed;
use crate::front::owner::Pending;
use crate::front::owner::keeper::Ending;
use crate::front::payload::Payload;
use crate::state::Epoch;
use crate::sync::read_unless;
use crate::time::Threshold;
use core::borrow::Borrow;
use core::hash::{BuildHasher, Hash};

impl<K, P, S> KeyedThrottled<K, P, S>
where
    K: Hash + Eq + Send + Sync + 'static,
    P: Payload,
    S: BuildHasher + Send + Sync + 'static,
{
    /// Has the pending run of `key` start now, whether the window is over or not: the exception from G1. The
    /// key starts a new window. Neither a pace nor a back-off holds it. Returns a ticket of the calls that it covers.
    ///
    /// The run has started when this returns, by its stamp; it is performed after the runs in progress
    /// and those that were flushed before, by turns with others that are due.
    ///
    /// # Errors
    ///
    /// [`NotFlushed`]: nothing has started. What was pending stays pending.
    pub fn flush<'t, Q: Hash + Eq + ?Sized>(&'t self, key: &'t Q) -> Result<KeyTicket<'t, K, Q>, NotFlushed>
    where
        K: Borrow<Q>,
    {
        let hashed = self.shared.hashed(key);
        let epoch = self.shared.flush(&hashed)?;
        Ok(KeyTicket::new(&*self.shared, key, Call { hash: hashed.hash, epoch }))
    }

    /// Gives up the pending or owed run of `key` and returns whether there was one. The window stays: the
    /// next run of the key keeps its distance (G1). A wait for it returns
    /// [`WaitError::Cancelled`](crate::WaitError::Cancelled).
    ///
    /// What the run was to be given is dropped: a key that nobody calls again would keep it for ever. `take` takes it instead.
    #[allow(
        clippy::must_use_candidate,
        reason = "a caller that wants no run need not know whether one was pending"
    )]
    pub fn cancel<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.shared.cancel(key)
    }

    /// A ticket of all calls on `key` that were taken until now. Without any it is covered at once.
    #[must_use = "it waits only if it is asked to: `wait()` or `.await`"]
    pub fn all_of<'t, Q: Hash + Eq + ?Sized>(&'t self, key: &'t Q) -> KeyTicket<'t, K, Q>
    where
        K: Borrow<Q>,
    {
        let hashed = self.shared.hashed(key);
        let shard = read_unless(self.shared.shards.of(hashed.hash), || self.shared.is_forked());
        let epoch = match shard.and_then(|shard| shard.state(&hashed)) {
            None => Epoch::NO_CALL,
            Some(state) if state.is_pending() || state.is_owed() => state.epoch(),
            // The latest run itself is the one to wait for.
            Some(state) => state.epoch().previous(),
        };
        KeyTicket::new(&*self.shared, key, Call { hash: hashed.hash, epoch })
    }

    /// All calls on all keys that were taken until now, to wait for the runs that cover them.
    pub fn all(&self) -> AllKeys<'_> {
        AllKeys::new(&*self.shared)
    }

    /// Evicts every key that can be, gives memory back, and returns how many keys those were. What performs the runs
    /// does so by itself; see [eviction](Self#eviction).
    #[allow(clippy::must_use_candidate, reason = "a caller that wants room need not know how much there is")]
    pub fn evict(&self) -> usize {
        if self.shared.is_forked() {
            return 0;
        }
        self.shared.shards.evict(self.shared.at(), &self.shared.hash_of())
    }
}

impl<K, P: Payload, S> KeyedThrottled<K, P, S> {
    /// Ends the throttle: no further calls are taken, and `pending` says what becomes of the pending runs. Returns at once,
    /// with a handle to wait for the end. The wait returns [`Shutdown::Discarded`](crate::Shutdown::Discarded) if any run was
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
            self.shared.retime();
        }
    }

    /// Has all who wait read the clock again: the thread that performs the pending runs, and waits with a limit.
    ///
    /// Call it after a jump of a clock that runs ahead of the timer of the system, at the end of a suspension, for
    /// example: see [waiting](crate::Clock#waiting). It changes no deadline, and starts nothing early.
    ///
    /// It also has [`threshold_of`](crate::KeyedThrottledBuilder::threshold_of) asked once more for all that is pending.
    ///
    /// Cost: an increment, one fence, one load.
    pub fn retime(&self) {
        self.shared.retime();
    }

    /// A handle that does not keep the throttle going: for the function itself.
    #[must_use]
    pub fn downgrade(&self) -> WeakKeyedThrottled<K, P, S> {
        WeakKeyedThrottled::new(&self.shared, &self.keeper)
    }
}
