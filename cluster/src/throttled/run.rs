//! [`Run`]: what the function is told of the run that it performs.

use super::Ended;
use super::shared::Shared;
use crate::register::RegisterError;
use crate::sync;
use atomic_throttle::{Epoch, Timestamp};
use core::fmt;
use core::time::Duration;

/// A run in progress, as its function sees it.
pub struct Run<'r> {
    pub(super) shared: &'r Shared,
    pub(super) epoch: Epoch,
    /// On the clock of this process.
    pub(super) lease_end: Timestamp,
}

impl Run<'_> {
    /// The epoch of the run.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The fencing token: greater than that of every run before, in whatever process.
    ///
    /// A number of up to 61 bits: compare it as an integer, for a floating-point number rounds it. It is the time of
    /// the start on the register's clock, in nanoseconds: after a restart of the machine those of a
    /// file or a memory are smaller than before, and so are those of another register. Whoever keeps tokens forgets
    /// them then; those of Redis grow across restarts.
    ///
    /// Send it along with whatever the run changes. A receiver that keeps the greatest token that it has seen,
    /// and refuses smaller ones, is safe from a run that was superseded and does not know it yet.
    #[must_use]
    pub fn token(&self) -> u64 {
        self.epoch.as_u64()
    }

    /// Asks the register whether no other run has been started since, which is only done when the lease of this
    /// one is over. A long run asks before each step that must not be done twice.
    ///
    /// An answer is true of the moment at which it was given: only a [token](Self::token) keeps a late step out.
    ///
    /// # Errors
    ///
    /// [`RegisterError`]: it is not known. As long as [`lease_left`](Self::lease_left) is not zero nobody
    /// supersedes, unless the register loses its data, its clock is stepped forward, or this machine is suspended.
    pub fn is_current(&self) -> Result<bool, RegisterError> {
        // Less where the register has forgotten: then nobody has started one that it knows of.
        self.shared.register.read().map(|reading| reading.cell.epoch() <= self.epoch)
    }

    /// Asks for another run after this one, as [`trigger`](super::ClusterThrottled::trigger) does: where this one
    /// could not do what it is for. This one has finished all the same, and covers the calls before it, those of other
    /// processes, too: that there is another run is this process's to see to. So a [shutdown](super::ClusterThrottled::shutdown)
    /// that has begun waits for that as well, within its limit.
    ///
    /// # Errors
    ///
    /// [`Ended`]: the limit of a shutdown has passed. No run is promised.
    pub fn again(&self) -> Result<(), Ended> {
        self.shared.request_again()
    }

    /// What is left of the lease at least, by the clock of this process. Costs no command. Zero when it is over: the
    /// run may be superseded, and if it is, it covers nobody.
    ///
    /// On most systems that [clock](atomic_throttle::Monotonic) stands still while the machine is suspended, and the register's does
    /// not: after a suspension there may be less left, or nothing. [`is_current`](Self::is_current) knows.
    #[must_use]
    pub fn lease_left(&self) -> Duration {
        self.lease_end.saturating_since(sync::now())
    }
}

impl fmt::Debug for Run<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}
