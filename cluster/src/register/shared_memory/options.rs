//! [`SharedMemoryOptions`]: how a register in shared memory is opened.

use super::{SharedMemory, SharedMemoryError};
use core::time::Duration;
use std::path::Path;

/// How a register in shared memory is opened: [`SharedMemory::options`].
#[derive(Clone, Debug)]
#[must_use = "nothing is opened before `open`"]
pub struct SharedMemoryOptions {
    pub(super) mode: u32,
    pub(super) limit: Duration,
}

impl SharedMemoryOptions {
    pub(super) const fn new() -> Self {
        Self { mode: 0o600, limit: Duration::from_secs(5) }
    }

    /// Who may use the file, as `chmod` has it; at first `0o600`.
    ///
    /// A new file has exactly this mode, whatever the umask is. That of an existing file is never changed: it
    /// is refused if it is open to more users than this. Read and write for the owner are always part of it,
    /// and nothing beyond read, write and execute is.
    ///
    /// With write for the group or for others, the file may belong to anyone. Whoever may write it can end
    /// all processes that use it, by cutting it short: trust them.
    pub const fn mode(mut self, mode: u32) -> Self {
        self.mode = mode & 0o777 | 0o600;
        self
    }

    /// For how long to wait for other processes that are about to initialize the file; at first 5 s.
    ///
    /// That takes microseconds. The limit is for one that was stopped in the middle of it.
    pub const fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Opens the register in the file `path`, which is created if there is none.
    ///
    /// # Errors
    ///
    /// [`SharedMemoryError`], and then nothing in the file was changed.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<SharedMemory, SharedMemoryError> {
        SharedMemory::open_with(self.clone(), path.as_ref())
    }
}
