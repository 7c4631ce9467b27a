//! [`ClusterThrottled`]: the front end. A thread of this process runs the function when it is this process's
//! turn; no caller ever waits.

mod builder;
mod error;
mod retry;
mod run;
mod shared;
mod ticket;
mod worker;

pub use self::builder::Builder;
pub use self::error::{Ended, Left, SpawnError, WaitError};
pub use self::run::Run;
pub use self::ticket::Ticket;

use self::shared::{Keeper, Shared};
use crate::cell::Cell;
use crate::register::{Register, RegisterError};
use core::fmt;
use core::time::Duration;
use std::sync::Arc;

/// Runs one function at most once per threshold among all processes that share a [`Register`], and never loses
/// the last request, though any of them may die.
///
/// ```
/// use atomic_throttle_cluster::ClusterThrottled;
/// use std::time::Duration;
///
/// // In memory: for one process. `builder` takes a register that others reach.
/// let reload = ClusterThrottled::spawn(Duration::from_millis(10), |run| println!("run {}", run.token()))?;
/// for _ in 0..1000 {
///     reload.trigger()?;
/// }
/// reload.wait_for(Duration::from_secs(5))?;
/// assert!(reload.status().runs >= 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A call is covered by a run that **starts after the call and finishes**, in whatever process. The thread
/// alone talks to the register, a few times per window however many calls there are: when the first call is
/// made, when the window is over, and when its run starts and finishes.
///
/// Clones are handles to the same throttle. When the last one is dropped, no more calls are taken, and the
/// drop waits until those that were are covered, at most as long as [`Builder::drop_limit`] says;
/// [`shutdown`](Self::shutdown) does the same and tells.
///
/// A function that holds a handle to its own throttle keeps that from ending; [`Run::again`] needs none. A child that
/// was forked has no thread: start a throttle there. A handle that it has from before is of no use there, and does
/// nothing when it is dropped.
///
/// The guarantees across processes are in the [documentation of the crate](crate#guarantees).
///
/// # Cost
///
/// A call while one is pending here is one fence and one load. Another one takes a lock and wakes the thread.
#[derive(Clone)]
pub struct ClusterThrottled {
    shared: Arc<Shared>,
    keeper: Arc<Keeper>,
}

impl ClusterThrottled {
    /// A throttle with a register in memory: the same as [`builder`](Self::builder) without any choice.
    ///
    /// # Errors
    ///
    /// [`SpawnError`] if the threshold is too long or the system cannot start a thread.
    pub fn spawn(threshold: Duration, f: impl FnMut(&Run<'_>) + Send + 'static) -> Result<Self, SpawnError> {
        Self::builder(threshold).spawn(f)
    }

    /// A throttle at a register of your choice, with a lease, a thread name, hooks.
    pub fn builder(threshold: Duration) -> Builder {
        Builder::new(threshold)
    }

    /// Asks for a run, and returns at once with a handle to wait for it. It never waits for a run or for the
    /// register, and never runs the function itself.
    ///
    /// # Errors
    ///
    /// [`Ended`]: no run is promised.
    #[inline]
    pub fn trigger(&self) -> Result<Ticket<'_>, Ended> {
        match self.shared.gate.coalesce() {
            Some(epoch) => Ok(Ticket::new(&self.shared, epoch)),
            None => self.trigger_uncoalesced(),
        }
    }

    // Apart: a coalesced call would have a stack frame for it.
    #[cold]
    fn trigger_uncoalesced(&self) -> Result<Ticket<'_>, Ended> {
        self.shared.request().map(|epoch| Ticket::new(&self.shared, epoch))
    }

    /// Waits until all calls that were made here before are covered, at most for `limit`.
    ///
    /// # Errors
    ///
    /// [`WaitError`]. Whatever it says but `Ended`, the calls stay owed, and the thread goes on.
    pub fn wait_for(&self, limit: Duration) -> Result<(), WaitError> {
        self.shared.wait_for(self.shared.latest(), limit)
    }

    /// Takes no more calls, waits until all that were made here are covered, at most for `limit`, and ends the
    /// thread. No run begins here after that, but one whose function was about to be called. What the function and the hooks hold is dropped then, within the same
    /// limit. All handles stay valid; calls by them are refused from the moment that this is called.
    ///
    /// On the thread, in the function or a hook, it only asks for the end and returns `Ok`: it cannot wait for itself.
    ///
    /// # Errors
    ///
    /// [`Left`] if calls were not covered within the limit. A run that is in progress here goes on to its end,
    /// and is finished then if the register answers. One that was won at the register, and has not begun, does not
    /// begin: it counts as that of a process that died. Other processes that made calls of their own still see that
    /// a run is due.
    pub fn shutdown(&self, limit: Duration) -> Result<(), Left> {
        self.keeper.end(limit)
    }

    /// All that there is to see at this moment. Of the register it is what was seen last.
    #[must_use]
    pub fn status(&self) -> Status {
        self.shared.status()
    }

    /// The register.
    #[must_use]
    pub fn register(&self) -> &Arc<dyn Register> {
        &self.shared.register
    }
}

impl fmt::Debug for ClusterThrottled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClusterThrottled")
            .field("register", self.register())
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}

/// What is to be seen of a [`ClusterThrottled`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status {
    /// Whether calls that were made here are owed a run.
    pub is_owed: bool,
    /// How many runs this throttle has begun, in this process.
    pub runs: u64,
    /// How many of those have panicked.
    pub panics: u64,
    /// How many of those did not finish, as far as this process knows: another run was started when their lease was
    /// over, or the register had forgotten them. They cover nobody; if it happens again and again, the
    /// [lease](Builder::lease) is too short.
    pub superseded: u64,
    /// The furthest that was seen in the register, also if that has forgotten it.
    pub cell: Cell,
    /// Why the register did not answer the last time, if it did not.
    pub error: Option<RegisterError>,
}
