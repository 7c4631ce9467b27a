//! [`KeyTicket`]: the handle of one call on a key.

use super::shared::Shared;
use crate::clock::Clock;
use crate::front::keyed::shard::Hashed;
use crate::front::owner::AnyClock;
use crate::front::payload::Payload;
use crate::front::wait::{WaitError, Waiting};
use crate::state::Epoch;
use crate::sync::read_unless;
use core::borrow::Borrow;
use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::pin::Pin;
use core::time::Duration;
use std::borrow::ToOwned;
use std::boxed::Box;
use std::sync::Arc;

/// A call on a key that was taken: waits for the run of the key that covers it, in a thread or in a task.
///
/// ```
/// use atomic_throttle::KeyedThrottled;
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let save = KeyedThrottled::spawn(Duration::from_millis(1), |file: &String| println!("{file} is saved"));
/// save.trigger("a.txt")?.wait()?; // In a task: `save.trigger("a.txt")?.await?`.
/// # Ok(())
/// # }
/// ```
///
/// It is as a [`Ticket`](crate::Ticket), and borrows the key as well: the first run of the key that starts after the call
/// decides how its wait ends, or the last try where that run is tried again. Of the runs that failed the latest 64 in each
/// shard are remembered; a wait that begins later returns [`Forgotten`](WaitError::Forgotten).
///
/// Dropping it changes nothing: the call stays covered. It costs nothing; for one that lives on its own call
/// [`into_owned`](Self::into_owned).
pub struct KeyTicket<'t, K, Q: ?Sized = K> {
    throttle: &'t (dyn Covers<K, Q> + 't),
    key: &'t Q,
    call: Call,
}

/// A call, but for its key.
#[derive(Clone, Copy)]
pub(super) struct Call {
    /// The hash of its key.
    pub(super) hash: u64,
    pub(super) epoch: Epoch,
}

/// What covers calls on keys `K`, which are looked for in the form `Q`.
pub(super) trait Covers<K, Q: ?Sized>: Send + Sync {
    /// How a wait for the call would end at once, if it would.
    fn look(&self, key: &Q, call: Call) -> Option<Result<(), WaitError>>;
    fn waiting(&self) -> Waiting<'_, AnyClock>;
    fn is_runner(&self) -> bool;
    fn is_forked(&self) -> bool;
    /// `None`: it is about to be dropped.
    fn itself(&self) -> Option<Arc<dyn Covers<K, K>>>;
}

impl<K, P, S, Q> Covers<K, Q> for Shared<K, P, S>
where
    K: Borrow<Q> + Hash + Eq + Send + Sync + 'static,
    P: Payload,
    S: BuildHasher + Send + Sync + 'static,
    Q: Hash + Eq + ?Sized,
{
    fn look(&self, key: &Q, call: Call) -> Option<Result<(), WaitError>> {
        let Call { hash, epoch } = call;
        if epoch == Epoch::NO_CALL {
            return Some(Ok(()));
        }
        let Some(shard) = read_unless(self.shards.of(hash), || self.is_forked()) else {
            return Some(Err(WaitError::Forked));
        };
        shard.look(&Hashed { key, hash }, epoch)
    }

    fn waiting(&self) -> Waiting<'_, AnyClock> {
        self.waiting()
    }

    fn is_runner(&self) -> bool {
        self.is_runner()
    }

    fn is_forked(&self) -> bool {
        self.is_forked()
    }

    fn itself(&self) -> Option<Arc<dyn Covers<K, K>>> {
        let itself = self.itself()?;
        Some(itself)
    }
}

impl<'t, K, Q: ?Sized> KeyTicket<'t, K, Q> {
    #[inline]
    pub(super) fn new(throttle: &'t (dyn Covers<K, Q> + 't), key: &'t Q, call: Call) -> Self {
        Self { throttle, key, call }
    }

    /// Waits until the run that covers the call has ended. What that run wrote is then visible.
    ///
    /// # Errors
    ///
    /// [`WaitError`] if the run has failed, will not come, or cannot be waited for here. Never `TimedOut`.
    pub fn wait(&self) -> Result<(), WaitError> {
        self.wait_until(None)
    }

    /// As [`wait`](Self::wait), at most for `limit` on the throttle's clock. May be called again.
    ///
    /// # Errors
    ///
    /// [`WaitError`], with [`TimedOut`](WaitError::TimedOut) when the limit has passed.
    pub fn wait_for(&self, limit: Duration) -> Result<(), WaitError> {
        self.wait_until(Some(limit))
    }

    fn wait_until(&self, limit: Option<Duration>) -> Result<(), WaitError> {
        if let Some(result) = self.look_before_wait() {
            return result;
        }
        let waiting = self.throttle.waiting();
        let limit = limit.map(|limit| waiting.clock.now().saturating_add(limit));
        // Not in the `match`: there the lock would be held while the clock is read.
        let look = || self.throttle.look(self.key, self.call);
        waiting.until(|| match look() {
            Some(result) => Ok(result),
            None if limit.is_some_and(|limit| waiting.clock.now() >= limit) => Ok(Err(WaitError::TimedOut)),
            None => Err(limit),
        })
    }

    /// How a wait would end before it begins, if it would.
    fn look_before_wait(&self) -> Option<Result<(), WaitError>> {
        match self.throttle.look(self.key, self.call) {
            Some(Ok(())) => Some(Ok(())),
            _ if self.throttle.is_forked() => Some(Err(WaitError::Forked)),
            Some(result) => Some(result),
            None if self.throttle.is_runner() => Some(Err(WaitError::InsideRun)),
            None => None,
        }
    }

    async fn cover(&self) -> Result<(), WaitError> {
        if let Some(result) = self.look_before_wait() {
            return result;
        }
        let look = || match self.throttle.look(self.key, self.call) {
            None if self.throttle.is_runner() => Some(Err(WaitError::InsideRun)),
            looked => looked,
        };
        self.throttle.waiting().notified_until(look).await
    }

    /// A ticket with a key of its own that keeps the throttle's state, but does not keep it going: it can be stored, or moved
    /// to another thread or task.
    ///
    /// Cost: the key is cloned, and a number that all handles share is incremented.
    #[must_use]
    #[allow(clippy::missing_panics_doc, reason = "a borrow of the throttle keeps it")]
    pub fn into_owned(self) -> OwnedKeyTicket<K>
    where
        Q: ToOwned<Owned = K>,
    {
        let throttle = self.throttle.itself().expect("a borrow of the throttle keeps it");
        OwnedKeyTicket { throttle, key: self.key.to_owned(), call: self.call }
    }

    /// The key of the call.
    #[must_use]
    pub fn key(&self) -> &'t Q {
        self.key
    }

    /// The first run of the key with a greater epoch than this one covers the call.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        if self.call.epoch == Epoch::NO_CALL { Epoch::NEVER_RAN } else { self.call.epoch }
    }
}

impl<K, Q: ?Sized> Clone for KeyTicket<'_, K, Q> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, Q: ?Sized> Copy for KeyTicket<'_, K, Q> {}

/// Waits in a task, as [`KeyTicket::wait`] does in a thread. For a limit use the runtime's own timeout.
///
/// Cancel safety: dropping the future changes nothing.
impl<'t, K, Q: Sync + ?Sized> IntoFuture for KeyTicket<'t, K, Q> {
    type Output = Result<(), WaitError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 't>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.cover().await })
    }
}

/// A [`KeyTicket`] that lives on its own.
///
/// ```
/// use atomic_throttle::KeyedThrottled;
/// use std::thread;
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let save = KeyedThrottled::spawn(Duration::from_millis(1), |file: &String| println!("{file} is saved"));
/// let ticket = save.trigger("a.txt")?.into_owned();
/// let waiter = thread::spawn(move || ticket.wait());
/// assert_eq!(waiter.join().unwrap(), Ok(()));
/// # Ok(())
/// # }
/// ```
pub struct OwnedKeyTicket<K> {
    throttle: Arc<dyn Covers<K, K>>,
    key: K,
    call: Call,
}

impl<K> OwnedKeyTicket<K> {
    fn borrowed(&self) -> KeyTicket<'_, K> {
        KeyTicket::new(&*self.throttle, &self.key, self.call)
    }

    /// As [`KeyTicket::wait`].
    ///
    /// # Errors
    ///
    /// As [`KeyTicket::wait`].
    pub fn wait(&self) -> Result<(), WaitError> {
        self.borrowed().wait()
    }

    /// As [`KeyTicket::wait_for`].
    ///
    /// # Errors
    ///
    /// As [`KeyTicket::wait_for`].
    pub fn wait_for(&self, limit: Duration) -> Result<(), WaitError> {
        self.borrowed().wait_for(limit)
    }

    /// The key of the call.
    #[must_use]
    pub fn key(&self) -> &K {
        &self.key
    }

    /// As [`KeyTicket::epoch`].
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.borrowed().epoch()
    }
}

/// As for [`KeyTicket`].
impl<K: Send + Sync + 'static> IntoFuture for OwnedKeyTicket<K> {
    type Output = Result<(), WaitError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.borrowed().cover().await })
    }
}

impl<K, Q: fmt::Debug + ?Sized> fmt::Debug for KeyTicket<'_, K, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyTicket")
            .field("key", &self.key)
            .field("epoch", &self.epoch())
            .finish_non_exhaustive()
    }
}

impl<K: fmt::Debug> fmt::Debug for OwnedKeyTicket<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("OwnedKeyTicket");
        shown.field("key", &self.key).field("epoch", &self.epoch()).finish_non_exhaustive()
    }
}
