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
use super::{Mark, Reading, Register, RegisterError, RegisterErrorKind, Swap, Terms};
use crate::cell::Cell;
use atomic_throttle::{Clock, Monotonic};
use core::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// A register in a memory-mapped file, for the processes of one machine, on its monotonic clock.
///
/// All processes that open the same file share one throttle. The first of them creates the file, and it stays
/// when they end.
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
/// * One 128-bit compare-and-swap of the processor moves the cell, with a fence before and after. No step
///   holds a lock, so a process that dies or is stopped at any point blocks no other.
/// * A file that nobody uses counts as new if it is empty, from before a reboot, or of the clock of another time
///   namespace. While a process uses such a file, it is refused, and left as it is. So is any other file that
///   is not a whole register of this version.
/// * A process that dies while it opens leaves a file that the next one can use, or no file. At most a small
///   file `.throttle-*` stays beside it.
/// * A new file has mode 600, or [the mode asked for](SharedMemoryOptions::mode), whatever the umask is. A
///   file is refused if it is open to more users, or if it belongs to another user than this one or root.
/// * A symbolic link is not followed. A path to anything but a regular file is refused before it is opened.
///
/// # While it is in use
///
/// Leave the file in place. Each step first checks the state of the file. Between that check and the step
/// there are nanoseconds in which the following can still happen:
///
/// * If the file is removed or replaced, the register has lost its data. The next step of each process opens
///   the path again, so that all meet in the new file. One run may come early.
/// * If the file is cut short or grows, each step fails with [`RegisterErrorKind::Removed`], until the file
///   is removed or has its length again. A process that is at that moment between its check and its step is
///   ended by the signal `SIGBUS`, like every program whose mapped file is cut short. Only users who may
///   write the file can do that: with mode 600 its owner and root.
/// * If the file is moved to another name, or if it has a second name (a hard link) and the first is removed,
///   the processes that had opened it go on using it. Processes that open the old path use another file: then
///   there are two throttles.
///
/// A user who may open the file, even only for reading, can lock it, and so keep others from opening it.
///
/// # Where to put it
///
/// Put it in a file system in memory, such as `/run` or `/dev/shm`. There no disk can fail or be full under
/// the mapped page, which would end the process by `SIGBUS` as well. Put it in a directory in which only the
/// users that share it can create files, not in `/tmp`. All its processes must be on one machine and in one
/// time namespace, because others have another monotonic clock. While a process uses it, opening it from
/// another time namespace is refused. If they take turns instead, each starts over, and runs may come early.
///
/// # Cost
///
/// A step is one system call (`fstat`), a 128-bit access and a clock reading. It allocates nothing.
///
/// # What it needs
///
/// It needs Linux with `/proc`, and a processor with 128-bit atomics: x86-64 with `cmpxchg16b`, which all but
/// the first have, `AArch64`, and the others that `portable-atomic` knows. On other platforms this type
/// exists, and opening it is an error that says so.
pub struct SharedMemory {
    path: PathBuf,
    options: SharedMemoryOptions,
    name: Arc<str>,
    mapped: RwLock<Mapped>,
}

/// The state of a file that is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "no file is ever in use there"))]
enum Fate {
    /// It is there, and has its length.
    Whole,
    /// It was cut short, or grew.
    Resized,
    /// It has no name any more: it was removed, or replaced by another file.
    Removed,
}

impl SharedMemory {
    /// Opens the register in the file `path`. If there is no such file, it is created, for this user alone.
    ///
    /// The path is absolute: a relative one would be another file, and so another throttle, in each working
    /// directory.
    ///
    /// # Errors
    ///
    /// [`SharedMemoryError`]; then the file is unchanged.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, SharedMemoryError> {
        Self::options().open(path)
    }

    /// Options to open a register with another mode or another limit.
    pub const fn options() -> SharedMemoryOptions {
        SharedMemoryOptions::new()
    }

    /// The absolute path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn open_with(options: SharedMemoryOptions, path: &Path) -> Result<Self, SharedMemoryError> {
        if !path.is_absolute() {
            return Err(SharedMemoryError::new(SharedMemoryErrorKind::Relative, path));
        }
        let mapped = Mapped::open(&options, path)?;
        let name = format!("shm:{}", path.display()).into();
        Ok(Self { path: path.to_owned(), options, name, mapped: RwLock::new(mapped) })
    }

    /// Does `step` if the file is whole. A file that was removed is opened again, once.
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

/// The clock is read after the cell, so it is not behind a start that was seen. Of a [`Mark`] the register
/// keeps only the terms, because a step that fails has not been done.
impl Register for SharedMemory {
    fn read(&self) -> Result<Reading, RegisterError> {
        let (cell, terms) = self.step(|mapped| (mapped.load(), mapped.terms()))?;
        Ok(reading(cell, terms))
    }

    fn compare_and_swap(&self, old: Cell, new: Cell, mark: Mark) -> Result<Swap, RegisterError> {
        let started_by = mark.terms().filter(|_| new.epoch() != old.epoch());
        self.step(|mapped| match mapped.compare_and_swap(old, new) {
            Ok(()) => {
                let now = Monotonic.now();
                // A process that dies before this leaves the terms of an earlier start, which harms nothing.
                if let Some(terms) = started_by {
                    mapped.set_terms(terms);
                }
                Swap::Done(now)
            }
            Err(cell) => Swap::Differs(reading(cell, mapped.terms())),
        })
    }

    fn describe(&self) -> String {
        self.name.to_string()
    }
}

fn reading(cell: Cell, terms: Option<Terms>) -> Reading {
    let mark = terms.map(|terms| Mark::NOBODY.with_terms(terms));
    Reading { cell, now: Monotonic.now(), mark }
}

impl fmt::Debug for SharedMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedMemory").field("path", &self.path).finish_non_exhaustive()
    }
}
