//! [`SharedMemory`]: a register in a memory-mapped file, for the processes of one machine.

mod error;
mod options;

#[cfg(target_os = "linux")]
mod file;
#[cfg(target_os = "linux")]
mod format;
#[cfg(target_os = "linux")]
mod identity;
#[cfg(target_os = "linux")]
mod mapped;
#[cfg(not(target_os = "linux"))]
#[path = "unsupported.rs"]
mod mapped;

pub use self::error::{SharedMemoryError, SharedMemoryErrorKind};
pub use self::options::SharedMemoryOptions;

use self::mapped::Mapped;
use super::{Mark, Reading, Register, RegisterError, RegisterErrorKind, Swap};
use crate::cell::Cell;
use atomic_throttle::{Clock, Monotonic};
use core::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// A register in a memory-mapped file: for the processes of one machine, on its monotonic clock.
///
/// All processes that open the same file share one throttle. The file is created by the first of them, and
/// stays when they end.
///
/// ```
/// use atomic_throttle_cluster::register::{Mark, Register, SharedMemory, Swap};
/// use atomic_throttle::{Threshold, lease::Policy};
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("reload");
/// // For instance "/run/agent/reload".
/// let one = SharedMemory::open(&path)?;
/// let other = SharedMemory::open(&path)?; // or in another process
///
/// let before = one.read()?;
/// let (after, _) = before.cell.arrive(before.now, Policy::new(Threshold::from_nanos(1_000)));
/// let swap = one.compare_and_swap(before.cell, after, Mark::random())?;
/// assert!(matches!(swap, Swap::Done(_)));
/// assert_eq!(other.read()?.cell, after);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// # What holds
///
/// * The cell is moved by one 128-bit compare-and-swap of the processor, with a fence before and after. No
///   lock is held in a step, so a process that dies or is stopped at any point holds up no other.
/// * A file from before a reboot counts as new, and so does an empty one. A file that is anything else than a
///   register of this version, whole and from this boot, is refused and left as it is.
/// * A process that dies while it opens leaves a file that the next one can use, or none. At most a small file
///   `.throttle-*` stays beside it.
/// * A new file has mode 600, or [the one asked for](SharedMemoryOptions::mode), whatever the umask is. A file
///   that is open to more users, or that belongs to another one, is refused; root may own it.
/// * A symbolic link is not followed, and what is no regular file is refused before it is opened.
///
/// # While it is in use
///
/// Leave the file in place. Each step looks first at what has become of it, which narrows what follows to the
/// nanoseconds between that look and the step, and does not exclude it:
///
/// * Removed or replaced, the register has lost its data. The next step of each process opens the path anew,
///   so that all meet in the new file. One run may come early.
/// * Cut short or grown, each step fails with [`RegisterErrorKind::Removed`], until the file is removed or has
///   its length again. A process that is just then between its look and its step is ended by the signal
///   `SIGBUS`: so is every program whose mapped file is cut short under it. Only who may write the file can do
///   that: with mode 600 its owner and root.
/// * Moved to another name, or with a second name (a hard link) when the first is removed, the file goes on
///   being used by those who had opened it, apart from those who open the old path: two throttles.
///
/// Whoever may open the file, for reading too, can lock it, and so keep others from opening it.
///
/// # Where to put it
///
/// In a file system in memory, such as `/run` or `/dev/shm`: there, no failing or full disk is in the way of
/// the mapped page, which would end the process by `SIGBUS` as well. In a directory in which only those who
/// are to share it can create files: not `/tmp`. All of them on one machine, and in one time namespace, since
/// others have another monotonic clock: that is found out and refused.
///
/// # Cost
///
/// A step is one system call (`fstat`), a 128-bit access and a clock reading, and no allocation.
///
/// # What it needs
///
/// Linux with `/proc`, and a processor with 128-bit atomics: x86-64 with `cmpxchg16b`, which all but the first
/// have, `AArch64`, and what else `portable-atomic` knows. Elsewhere this type is there, and to open it is an
/// error that says so.
pub struct SharedMemory {
    path: PathBuf,
    options: SharedMemoryOptions,
    name: Arc<str>,
    mapped: RwLock<Mapped>,
}

/// What has become of a file that is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "nothing is ever in use there"))]
enum Fate {
    /// It is there, in its length.
    Whole,
    /// It was cut short, or grew.
    Resized,
    /// It has no name any more: removed, or replaced by another.
    Removed,
}

impl SharedMemory {
    /// Opens the register in the file `path`, which is created, for this user alone, if there is none.
    ///
    /// # Errors
    ///
    /// [`SharedMemoryError`], and then nothing in the file was changed.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, SharedMemoryError> {
        Self::options().open(path)
    }

    /// How to open one otherwise.
    pub const fn options() -> SharedMemoryOptions {
        SharedMemoryOptions::new()
    }

    /// The file, as an absolute path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn open_with(options: SharedMemoryOptions, path: &Path) -> Result<Self, SharedMemoryError> {
        // It may be opened again, from another working directory.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let mapped = Mapped::open(&options, &path)?;
        let name = format!("shm:{}", path.display()).into();
        Ok(Self { path, options, name, mapped: RwLock::new(mapped) })
    }

    /// Does `step` if the file is whole. One that was removed is opened anew, once.
    fn step<T>(&self, step: impl FnOnce(&Mapped) -> T) -> Result<T, RegisterError> {
        let mapped = self.mapped.read().unwrap_or_else(PoisonError::into_inner);
        if self.told(mapped.fate())? == Fate::Whole {
            return Ok(step(&mapped));
        }
        drop(mapped);
        let mut mapped = self.mapped.write().unwrap_or_else(PoisonError::into_inner);
        if self.told(mapped.fate())? == Fate::Removed {
            *mapped = Mapped::open(&self.options, &self.path)
                .map_err(|error| error.into_register_error(&self.name))?;
        }
        match self.told(mapped.fate())? {
            Fate::Whole => Ok(step(&mapped)),
            Fate::Resized | Fate::Removed => Err(RegisterError::new(RegisterErrorKind::Removed, &self.name)),
        }
    }

    fn told(&self, fate: io::Result<Fate>) -> Result<Fate, RegisterError> {
        let kind = RegisterErrorKind::Unreachable;
        fate.map_err(|error| RegisterError::new(kind, &self.name).with_source(error))
    }
}

/// The clock is read after the cell, so that it is not behind a start that was seen. No [`Mark`] is kept: a
/// step that fails has not been done.
impl Register for SharedMemory {
    fn read(&self) -> Result<Reading, RegisterError> {
        let cell = self.step(Mapped::load)?;
        Ok(Reading { cell, now: Monotonic.now(), mark: None })
    }

    fn compare_and_swap(&self, old: Cell, new: Cell, _: Mark) -> Result<Swap, RegisterError> {
        let swapped = self.step(|mapped| mapped.compare_and_swap(old, new))?;
        let now = Monotonic.now();
        Ok(match swapped {
            Ok(()) => Swap::Done(now),
            Err(cell) => Swap::Differs(Reading { cell, now, mark: None }),
        })
    }
}

impl fmt::Debug for SharedMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedMemory").field("path", &self.path).finish_non_exhaustive()
    }
}
