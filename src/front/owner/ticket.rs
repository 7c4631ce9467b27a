//! [`Ticket`] and [`OwnedTicket`]: the handle of one call.

use super::frame::{Frame, HasFrame};
use crate::front::wait::WaitError;
use crate::state::Epoch;
use core::fmt;
use core::pin::Pin;
use core::time::Duration;
use std::boxed::Box;
use std::sync::Arc;

/// A call that was taken: waits for the run that covers it, in a thread or in a task.
///
/// ```
/// use atomic_throttle::Throttled;
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let save = Throttled::spawn(Duration::from_millis(1), || println!("saved"));
/// save.trigger()?.wait()?; // In a task: `save.trigger()?.await?`.
/// # Ok(())
/// # }
/// ```
///
/// The first run that starts after the call decides how its wait ends, whenever that begins: a failure is not hidden by a
/// later run. Where a run that failed is [tried again](crate::ThrottledBuilder::retry), it is the last try that decides.
///
/// Dropping it changes nothing: the call stays covered. It borrows the throttle, and costs nothing; for one that lives on
/// its own call [`into_owned`](Self::into_owned).
#[derive(Clone, Copy)]
pub struct Ticket<'t> {
    frame: &'t Frame,
    epoch: Epoch,
}

impl<'t> Ticket<'t> {
    #[inline]
    pub(crate) fn new(frame: &'t Frame, epoch: Epoch) -> Self {
        Self { frame, epoch }
    }

    /// Waits until the run that covers the call has ended. What that run wrote is then visible.
    ///
    /// # Errors
    ///
    /// [`WaitError`] if the run has failed, will not come, or cannot be waited for here. Never `TimedOut`.
    pub fn wait(&self) -> Result<(), WaitError> {
        self.frame.wait_for_cover(self.epoch, None)
    }

    /// As [`wait`](Self::wait), at most for `limit` on the throttle's clock. May be called again.
    ///
    /// # Errors
    ///
    /// [`WaitError`], with [`TimedOut`](WaitError::TimedOut) when the limit has passed.
    pub fn wait_for(&self, limit: Duration) -> Result<(), WaitError> {
        self.frame.wait_for_cover(self.epoch, Some(self.frame.within(limit)))
    }

    /// A ticket that keeps the throttle's state, but does not keep it going: it can be stored, or moved to another thread
    /// or task.
    ///
    /// Cost: one increment of a number that all handles share.
    #[must_use]
    #[allow(clippy::missing_panics_doc, reason = "a borrow of the frame keeps its owner")]
    pub fn into_owned(self) -> OwnedTicket {
        let owner = self.frame.itself().upgrade().expect("a borrow of the frame keeps its owner");
        OwnedTicket { owner, epoch: self.epoch }
    }

    /// The first run with a greater epoch than this one covers the call. It need not be the epoch of a run: if the call
    /// started its run at once, it is one less than the epoch of that run.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        if self.epoch == Epoch::NO_CALL { Epoch::NEVER_RAN } else { self.epoch }
    }

    /// How a wait would end at once, if it would.
    #[cfg(feature = "async")]
    pub(crate) fn look(&self) -> Option<Result<(), WaitError>> {
        self.frame.look_for_cover(self.epoch)
    }
}

/// Waits in a task, as [`Ticket::wait`] does in a thread. For a limit use the runtime's own timeout.
///
/// Cancel safety: dropping the future changes nothing.
impl<'t> IntoFuture for Ticket<'t> {
    type Output = Result<(), WaitError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 't>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.frame.cover(self.epoch))
    }
}

/// A [`Ticket`] that lives on its own.
///
/// ```
/// use atomic_throttle::Throttled;
/// use std::thread;
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let save = Throttled::spawn(Duration::from_millis(1), || println!("saved"));
/// let ticket = save.trigger()?.into_owned();
/// let waiter = thread::spawn(move || ticket.wait());
/// assert_eq!(waiter.join().unwrap(), Ok(()));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct OwnedTicket {
    owner: Arc<dyn HasFrame>,
    epoch: Epoch,
}

impl OwnedTicket {
    fn borrowed(&self) -> Ticket<'_> {
        Ticket::new(self.owner.frame(), self.epoch)
    }

    /// As [`Ticket::wait`].
    ///
    /// # Errors
    ///
    /// As [`Ticket::wait`].
    pub fn wait(&self) -> Result<(), WaitError> {
        self.borrowed().wait()
    }

    /// As [`Ticket::wait_for`].
    ///
    /// # Errors
    ///
    /// As [`Ticket::wait_for`].
    pub fn wait_for(&self, limit: Duration) -> Result<(), WaitError> {
        self.borrowed().wait_for(limit)
    }

    /// As [`Ticket::epoch`].
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.borrowed().epoch()
    }
}

/// As for [`Ticket`].
impl IntoFuture for OwnedTicket {
    type Output = Result<(), WaitError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.owner.frame().cover(self.epoch).await })
    }
}

impl fmt::Debug for Ticket<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("epoch", &self.epoch()).finish_non_exhaustive()
    }
}

impl fmt::Debug for OwnedTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedTicket").field("epoch", &self.epoch()).finish_non_exhaustive()
    }
}
