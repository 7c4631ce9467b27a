//! [`ClusterThrottled`]: the front end. A thread of this process runs the function when it is the turn of
//! this process; no caller ever waits.

mod builder;
mod error;
mod foreign;
mod keeper;
mod limit;
mod progress;
mod retry;
mod run;
mod shared;
mod ticket;
mod trouble;
mod worker;

pub use self::builder::ClusterThrottledBuilder;
pub use self::error::{Ended, Left, SpawnError, WaitError};
pub use self::run::Run;
pub use self::ticket::{OwnedTicket, Ticket};
pub use self::trouble::{Disagreement, Trouble};

use self::keeper::Keeper;
use self::shared::Shared;
use crate::cell::Cell;
use crate::register::{Memory, Register, RegisterError};

use atomic_throttle::Threshold;
use core::fmt;
use core::time::Duration;
use std::sync::Arc;

/// Runs one function at most once per threshold among all processes that share a [`Register`], and never
/// loses the last request, though any of the processes may die.
///
/// ```
/// use atomic_throttle_cluster::{ClusterThrottled, Drivers};
/// use std::time::Duration;
///
/// let location = "shm:/run/agent/reload?lease=30s";
/// # let location = "memory:?lease=30s";
/// let reload = ClusterThrottled::builder(Duration::from_secs(2))
///     .at(Drivers::standard().open(location)?)
///     .spawn(|run| println!("run {}", run.token()))?;
/// for _ in 0..1000 {
///     reload.trigger()?;
/// }
/// reload.all().wait_for(Duration::from_secs(5))?;
/// assert!(reload.status().runs >= 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A call is covered by a run that **starts after the call and finishes**, in any process. Only the thread
/// talks to the register, a few times per window, however many calls there are: when the first call is made,
/// when the window is over, and when its run starts and finishes.
///
/// The function is bound once, and a call carries no data. Write what changed to a place that every process
/// reads, before the call: the run that covers the call reads it there.
///
/// Clones are handles to the same throttle. Dropping the last handle takes no more calls, and waits until
/// those that were made are covered, at most for [`ClusterThrottledBuilder::drop_limit`], and not for a register that does not
/// answer. [`shutdown`](Self::shutdown) waits for such a register, too, and returns whether it succeeded. A
/// drop in an async task would block it: see [`ClusterThrottledBuilder::on_drop`].
///
/// If the function holds a handle to its own throttle, that keeps the throttle from ending; [`Run::again`]
/// needs no handle.
///
/// A forked child has no thread: start a throttle there. A handle from before the fork is of no use in the
/// child, and does nothing when it is dropped.
///
/// The guarantees among processes are in the [documentation of the crate](crate#guarantees).
///
/// # Cost
///
/// A call while another is pending in this process is one fence and one load. Any other call takes a lock and
/// wakes the thread.
#[derive(Clone)]
pub struct ClusterThrottled {
    shared: Arc<Shared>,
    keeper: Arc<Keeper>,
}

impl ClusterThrottled {
    /// A throttle at a register of your choice, which is the one choice that must be made: by
    /// [`at`](ClusterThrottledBuilder::at) or [`register`](ClusterThrottledBuilder::register). A threshold above [`Threshold::MAX`] is
    /// clamped to it.
    pub fn builder(threshold: impl Into<Threshold>) -> ClusterThrottledBuilder {
        ClusterThrottledBuilder::new(threshold)
    }

    /// A throttle with a register in memory: for one process and for tests. No other process reaches it.
    pub fn in_memory(threshold: impl Into<Threshold>) -> ClusterThrottledBuilder {
        Self::builder(threshold).register(Arc::new(Memory::new()))
    }

    /// Asks for a run, and returns at once with a handle to wait for it. It never waits for a run or for the
    /// register, and never runs the function itself.
    ///
    /// # Errors
    ///
    /// [`Ended`]: the throttle was shut down, and no run is promised.
    #[inline]
    pub fn trigger(&self) -> Result<Ticket<'_>, Ended> {
        match self.shared.gate.coalesce() {
            Some(epoch) => Ok(Ticket::new(&self.shared, epoch)),
            None => self.trigger_uncoalesced(),
        }
    }

    // Outlined: inlined, it would give every coalesced call a stack frame.
    #[cold]
    fn trigger_uncoalesced(&self) -> Result<Ticket<'_>, Ended> {
        self.shared.request().map(|epoch| Ticket::new(&self.shared, epoch))
    }

    /// A ticket of all calls that were made here until now: it waits until they are covered.
    #[must_use = "it waits only if it is asked to: `wait_for(limit)` or `.await`"]
    pub fn all(&self) -> Ticket<'_> {
        Ticket::of_all(&self.shared)
    }

    /// Takes no more calls, waits until all that were made here are covered, at most for `limit`, and ends
    /// the thread.
    ///
    /// No run begins in this process after that, except one whose function was about to be called. Then what
    /// the function and the hooks hold is dropped, within the same limit. All handles stay valid; calls by
    /// them are refused from the moment of this call.
    ///
    /// On the thread, in the function or a hook, it only asks for the end and returns `Ok`: the thread cannot
    /// wait for itself.
    ///
    /// # Errors
    ///
    /// [`Left`] if calls were not covered within the limit. A run that is in progress here goes on to its
    /// end, and is finished then if the register answers. A run that was won at the register and has not
    /// begun does not begin: it counts like the run of a process that died. Other processes that made calls
    /// of their own still see that a run is due.
    pub fn shutdown(&self, limit: Duration) -> Result<(), Left> {
        self.keeper.end(limit)
    }

    /// The state of the throttle at this moment. What it says of the register was seen at the last answer.
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

/// The state of a [`ClusterThrottled`].
///
/// ```
/// use atomic_throttle_cluster::ClusterThrottled;
/// use std::time::Duration;
///
/// let save = ClusterThrottled::in_memory(Duration::from_millis(1)).spawn(|_| println!("saved"))?;
/// let status = save.status();
/// println!("{} runs, {} of them superseded", status.runs, status.superseded);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status {
    /// Whether calls that were made here are owed a run.
    pub is_owed: bool,
    /// How many runs this throttle has begun in this process.
    pub runs: u64,
    /// How many of those have panicked.
    pub panics: u64,
    /// How many of those did not finish, as far as this process knows: another run was started after their
    /// lease, or the register had forgotten them. They cover no calls. If this number keeps growing, the
    /// [lease](ClusterThrottledBuilder::lease) is too short.
    pub superseded: u64,
    /// The furthest cell that was seen in the register, even if the register has forgotten it.
    pub cell: Cell,
    /// The latest error of the register, until it answers again.
    pub error: Option<RegisterError>,
    /// The latest sign of a process that runs this throttle with another threshold, another lease or another
    /// [tag](ClusterThrottledBuilder::tag): a run that it has started since this throttle began. It stays until this throttle
    /// ends. `None` if there was no such sign, or if the register keeps no [terms](crate::register::Terms).
    pub disagreement: Option<Disagreement>,
}
