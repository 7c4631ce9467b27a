//! [`Register`]: where the [`Cell`] of a throttle is kept, so that all its processes reach it.
//!
//! ```
//! use atomic_throttle::lease::{Lease, Policy};
//! use atomic_throttle::Threshold;
//! use atomic_throttle_cluster::register::{Mark, Memory, Register, Terms};
//! use std::time::Duration;
//!
//! // A process starts the first run.
//! let policy = Policy::new(Threshold::new(Duration::from_secs(2))).with_lease(Lease::new(Duration::from_secs(30)));
//! let mark = Mark::random().with_terms(Terms::new(policy));
//! let register = Memory::new();
//! let reading = register.read()?;
//! let (started, _) = reading.cell.arrive(reading.now, policy);
//! register.compare_and_swap(reading.cell, started, mark)?;
//! assert_eq!(register.read()?.mark, Some(mark));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod memory;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "shm")]
mod shared_memory;
mod terms;

pub use self::error::{RegisterError, RegisterErrorKind};
pub use self::memory::Memory;
#[cfg(feature = "redis")]
pub use self::redis::{Redis, RedisOptions, RedisOptionsError};
#[cfg(feature = "shm")]
pub use self::shared_memory::{SharedMemory, SharedMemoryError, SharedMemoryErrorKind, SharedMemoryOptions};
pub use self::terms::{Mark, Terms};

use crate::cell::Cell;
use atomic_throttle::Timestamp;
use core::fmt;
use core::time::Duration;

/// Holds one [`Cell`], and reads one clock.
///
/// ```
/// use atomic_throttle_cluster::cell::Cell;
/// use atomic_throttle_cluster::register::{Mark, Memory, Register, Swap};
///
/// let register = Memory::new();
/// let reading = register.read()?;
/// let swapped = register.compare_and_swap(reading.cell, Cell::NEW, Mark::NOBODY)?;
/// assert!(matches!(swapped, Swap::Done(_)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A register compares and swaps, and no more. The transitions of the cell make the decisions.
///
/// # What an implementation promises
///
/// * [`compare_and_swap`](Self::compare_and_swap) is one step: of two callers, in any processes, only one
///   replaces a given cell, unless that cell came back in between.
/// * What the caller did before a step of the register is visible to every process that sees that step or
///   makes a later one, as far as they share memory (a `SeqCst` fence before and after, or a lock).
/// * All callers share one clock, and it counts time. It may stand still, jump and go back: then runs may
///   come early or late, but none is lost.
/// * The register compares cells as [`Cell`] does: whatever it shows can be passed as `old` to replace it.
/// * It never waits without end: an operation that gets no answer fails after a limit.
/// * It never panics, and it can be called from several threads.
pub trait Register: fmt::Debug + Send + Sync {
    /// The cell that it holds, and its clock at that moment. A register that nobody has used yet holds
    /// [`Cell::NEW`].
    ///
    /// # Errors
    ///
    /// [`RegisterError`]: nothing is known.
    fn read(&self) -> Result<Reading, RegisterError>;

    /// Replaces `old` by `new`, if it holds `old`.
    ///
    /// As a rule, a `new` with another epoch than `old` starts a run. If an operation can fail without saying
    /// whether it was done, the register keeps the `mark` that came with the latest move to another epoch, in
    /// the same step, and shows it in each [`Reading`]. By the number of this mark the process that started a
    /// run finds out; by its terms processes notice that they disagree. A register whose operations never fail
    /// in this way need not keep the number, and shows [`Mark::NOBODY`] with the terms.
    ///
    /// # Errors
    ///
    /// [`RegisterError`]: the swap may have been done, or not.
    fn compare_and_swap(&self, old: Cell, new: Cell, mark: Mark) -> Result<Swap, RegisterError>;

    /// The register in messages to a person, without a password. Default: its `Debug`.
    fn describe(&self) -> String {
        format!("{self:?}")
    }

    /// How long without a swap until it forgets its cell. `None`: never. It cannot keep a window or a lease
    /// that is longer.
    fn forgets_after(&self) -> Option<Duration> {
        None
    }

    /// The longest time that one operation takes before it fails. `None`: it does not wait.
    ///
    /// A start whose answer takes longer than the lease could never be performed, so a front end refuses a
    /// register whose answers may take that long.
    fn answers_within(&self) -> Option<Duration> {
        None
    }
}

/// What a register holds at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reading {
    /// The cell.
    pub cell: Cell,
    /// The time on the clock of the register.
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
    /// The register held another cell, this one. Nothing was done.
    Differs(Reading),
}
