//! [`Run`]: what the function learns about the run that it performs.

use super::Ended;
use super::shared::Shared;
use crate::register::RegisterError;
use crate::sync;
use atomic_throttle::{Epoch, Timestamp};
use core::fmt;
use core::time::Duration;

/// A run in progress, as its function sees it.
///
/// ```
/// use atomic_throttle_cluster::{ClusterThrottled, Run};
/// use std::time::Duration;
///
/// let publish = ClusterThrottled::in_memory(Duration::from_millis(1))
///     .spawn(|run: &Run<'_>| println!("published, as number {}", run.token()))?;
/// publish.trigger()?.wait_for(Duration::from_secs(5))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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

    /// The fencing token: greater than the token of every run before, in any process.
    ///
    /// It is the time of the start on the register's clock, in nanoseconds: a number of up to 61 bits.
    /// Compare it as an integer, because a floating-point number rounds it.
    ///
    /// After a restart of the machine the tokens of a file or of memory are smaller than before. So may be
    /// those of another register. A receiver that keeps tokens must then forget them. The tokens of Redis
    /// grow across restarts.
    ///
    /// Send it along with everything that the run changes. A receiver that keeps the greatest token it has
    /// seen, and refuses smaller ones, is safe from a run that was superseded and does not know it yet.
    #[must_use]
    pub fn token(&self) -> u64 {
        self.epoch.as_u64()
    }

    /// Asks the register whether this is still the latest run. Another run starts only after the lease of
    /// this one is over. A long run should ask before each step that must not be done twice.
    ///
    /// The answer is true of the moment at which it was given: only a [token](Self::token) keeps a late step
    /// out.
    ///
    /// # Errors
    ///
    /// [`RegisterError`]: the answer is not known. As long as [`lease_left`](Self::lease_left) is not zero,
    /// no run supersedes this one, unless the register loses its data, its clock is stepped forward, or this
    /// machine is suspended.
    pub fn is_current(&self) -> Result<bool, RegisterError> {
        // It is less if the register has forgotten: then it knows of no later run.
        self.shared.register.read().map(|reading| reading.cell.epoch() <= self.epoch)
    }

    /// Asks for another run after this one, as [`trigger`](super::ClusterThrottled::trigger) does. Use it
    /// when this run could not do its work.
    ///
    /// This run has finished all the same. It covers the calls before it, those of other processes too, so
    /// only this process asks for the other run. A [shutdown](super::ClusterThrottled::shutdown) that has
    /// begun therefore waits for that run as well, within its limit.
    ///
    /// # Errors
    ///
    /// [`Ended`]: the limit of a shutdown has passed. No run is promised.
    pub fn again(&self) -> Result<(), Ended> {
        self.shared.request_again()
    }

    /// The least time that is left of the lease, by the clock of this process. It costs no command. Zero
    /// means that the lease is over: the run may be superseded, and if it is, it covers no calls.
    ///
    /// On most systems that [clock](atomic_throttle::Monotonic) stands still while the machine is suspended,
    /// and the clock of the register does not. After a suspension, less time may be left, or none; ask
    /// [`is_current`](Self::is_current).
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
