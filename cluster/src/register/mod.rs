//! [`Register`]: where the [`Cell`] of a throttle lies, so that all its processes reach it.

mod error;
mod memory;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "shm")]
mod shared_memory;

pub use self::error::{RegisterError, RegisterErrorKind};
pub use self::memory::Memory;
#[cfg(feature = "redis")]
pub use self::redis::{Redis, RedisOptions, RedisOptionsError};
#[cfg(feature = "shm")]
pub use self::shared_memory::{SharedMemory, SharedMemoryError, SharedMemoryErrorKind, SharedMemoryOptions};

use crate::cell::Cell;
use atomic_throttle::Timestamp;
use core::fmt;
use core::time::Duration;
use rand::RngExt;
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;

/// Holds one [`Cell`], and reads one clock.
///
/// Decisions are made elsewhere, by the transitions of the cell: a register compares and swaps, and no more.
///
/// # What an implementation promises
///
/// * [`compare_and_swap`](Self::compare_and_swap) is one step: no two callers, in whatever process, both put
///   their cell in the place of the same one, unless that came back in between.
/// * Whatever the caller did before a step of the register is visible to whoever sees that step, or makes a
///   later one, as far as memory that they share is concerned (a `SeqCst` fence before and after, or a lock).
/// * The clock is one for all callers, and counts time. It may stand still, jump and go back: then runs may
///   come early or late, but none is lost.
/// * Cells that are equal are equal to it: whatever it shows may be put in the place of what it showed.
/// * It does not wait for ever: an operation that gets no answer fails after a limit.
/// * It never panics, and it can be called from several threads.
pub trait Register: fmt::Debug + Send + Sync {
    /// What stands there, and what its clock reads at that moment. A register that nobody has used yet holds
    /// [`Cell::NEW`].
    ///
    /// # Errors
    ///
    /// [`RegisterError`]: nothing is known.
    fn read(&self) -> Result<Reading, RegisterError>;

    /// Puts `new` in the place of `old` if that stands there.
    ///
    /// A `new` with another epoch than `old` starts a run, as a rule. Where an operation may fail without telling
    /// whether it was done, the register keeps the `mark` that came with the latest move to another epoch, in the
    /// same step, and shows it in each [`Reading`]: so the one who started finds out.
    ///
    /// # Errors
    ///
    /// [`RegisterError`]: it may have been done, or not.
    fn compare_and_swap(&self, old: Cell, new: Cell, mark: Mark) -> Result<Swap, RegisterError>;

    /// After how long without a swap it forgets what stands there, if it does: a window or a lease that is longer
    /// would not be kept.
    fn forgets_after(&self) -> Option<Duration> {
        None
    }
}

/// What a register holds at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reading {
    /// What stands there.
    pub cell: Cell,
    /// What the clock of the register reads.
    pub now: Timestamp,
    /// The mark that came with the move to this epoch, if the register keeps it.
    pub mark: Option<Mark>,
}

/// What became of a [`compare_and_swap`](Register::compare_and_swap).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "only a swap that was done has happened"]
pub enum Swap {
    /// It was done, at this time of the register's clock.
    Done(Timestamp),
    /// Something else stood there: this. Nothing was done.
    Differs(Reading),
}

/// A random number by which whoever starts a run recognizes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mark(u64);

impl Mark {
    /// Nobody's: of an epoch that a register had forgotten, and that was put back.
    pub const NOBODY: Self = Self(0);

    /// A mark that nobody else has.
    ///
    /// # Panics
    ///
    /// If the system has no random numbers.
    #[must_use]
    pub fn random() -> Self {
        // The generator of this thread would go on alike in all children that it forks: two of them would each take
        // the run of the other for its own.
        Self(UnwrapErr(SysRng).random_range(1..=u64::MAX))
    }

    /// The mark as a number.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// The mark of this number.
    #[must_use]
    pub const fn from_u64(number: u64) -> Self {
        Self(number)
    }
}
