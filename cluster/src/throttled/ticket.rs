//! [`Ticket`] and [`OwnedTicket`]: the handle of one call, or of all calls until now.

use super::WaitError;
use super::shared::Shared;
use crate::course::Taken;
use atomic_throttle::Epoch;
use core::fmt;
use core::future::poll_fn;
use core::pin::Pin;
use core::time::Duration;
use std::sync::Arc;

/// A call that was taken: it can wait for the run that covers the call, in a thread or in a task.
///
/// ```
/// use atomic_throttle_cluster::ClusterThrottled;
/// use std::time::Duration;
///
/// let save = ClusterThrottled::in_memory(Duration::from_millis(1)).spawn(|_| println!("saved"))?;
/// // In a task: `save.trigger()?.await?`.
/// save.trigger()?.wait_for(Duration::from_secs(5))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Dropping it changes nothing: the call stays owed until it is covered. It borrows the throttle, and costs nothing; for
/// one that lives on its own call [`into_owned`](Self::into_owned).
#[derive(Clone, Copy)]
pub struct Ticket<'t> {
    shared: &'t Arc<Shared>,
    taken: Taken,
}

impl<'t> Ticket<'t> {
    /// `pending_in` is the epoch of the local gate in which the call is pending.
    #[inline]
    pub(super) fn new(shared: &'t Arc<Shared>, pending_in: Epoch) -> Self {
        Self { shared, taken: pending_in.as_u64() + 1 }
    }

    /// Of all calls that were made until now.
    pub(super) fn of_all(shared: &'t Arc<Shared>) -> Self {
        Self { shared, taken: shared.latest() }
    }

    /// Whether a run that covers the call has finished, as far as this process has seen.
    #[must_use]
    pub fn is_covered(&self) -> bool {
        self.shared.is_covered(self.taken)
    }

    /// Waits, at most for `limit`, until a run that started after the call has finished, here or in another
    /// process. May be called again.
    ///
    /// A run that panicked has finished all the same; only its own process knows of the panic.
    ///
    /// # Errors
    ///
    /// [`WaitError`]. Unless it is `Ended`, the call stays owed.
    pub fn wait_for(&self, limit: Duration) -> Result<(), WaitError> {
        self.shared.wait_for(self.taken, limit)
    }

    /// A ticket that keeps the throttle's state, but does not keep it going: it can be stored, or moved to another thread
    /// or task.
    ///
    /// Cost: one increment of a number that all handles share.
    #[must_use]
    pub fn into_owned(self) -> OwnedTicket {
        OwnedTicket { shared: Arc::clone(self.shared), taken: self.taken }
    }
}

/// Waits in a task, as [`Ticket::wait_for`] does in a thread. There is no limit, and a register may be away for long: use
/// the runtime's own timeout.
///
/// Cancel safety: dropping the future changes nothing.
impl<'t> IntoFuture for Ticket<'t> {
    type Output = Result<(), WaitError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 't>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(cover(self.shared, self.taken))
    }
}

async fn cover(shared: &Shared, taken: Taken) -> Result<(), WaitError> {
    shared.ask_for_a_try();
    poll_fn(|cx| shared.poll_cover(taken, cx)).await
}

/// A [`Ticket`] that lives on its own.
///
/// ```
/// use atomic_throttle_cluster::ClusterThrottled;
/// use std::thread;
/// use std::time::Duration;
///
/// let save = ClusterThrottled::in_memory(Duration::from_millis(1)).spawn(|_| println!("saved"))?;
/// let ticket = save.trigger()?.into_owned();
/// let waiter = thread::spawn(move || ticket.wait_for(Duration::from_secs(5)));
/// assert!(waiter.join().unwrap().is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct OwnedTicket {
    shared: Arc<Shared>,
    taken: Taken,
}

impl OwnedTicket {
    /// As [`Ticket::is_covered`].
    #[must_use]
    pub fn is_covered(&self) -> bool {
        self.shared.is_covered(self.taken)
    }

    /// As [`Ticket::wait_for`].
    ///
    /// # Errors
    ///
    /// As [`Ticket::wait_for`].
    pub fn wait_for(&self, limit: Duration) -> Result<(), WaitError> {
        self.shared.wait_for(self.taken, limit)
    }
}

/// As for [`Ticket`].
impl IntoFuture for OwnedTicket {
    type Output = Result<(), WaitError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { cover(&self.shared, self.taken).await })
    }
}

impl fmt::Debug for Ticket<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("is_covered", &self.is_covered()).finish_non_exhaustive()
    }
}

impl fmt::Debug for OwnedTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedTicket").field("is_covered", &self.is_covered()).finish_non_exhaustive()
    }
}
