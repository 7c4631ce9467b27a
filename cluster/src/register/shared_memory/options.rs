//! [`SharedMemoryOptions`]: how to open a register in shared memory.

use super::{SharedMemory, SharedMemoryError};
use core::time::Duration;
use std::path::Path;

/// How to open a register in shared memory; see [`SharedMemory::options`].
///
/// ```no_run
/// use atomic_throttle_cluster::register::SharedMemory;
///
/// let register = SharedMemory::options().mode(0o660).open("/run/agent/reload")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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

    /// Who may use the file, as for `chmod`. Default: `0o600`.
    ///
    /// A new file has exactly this mode, whatever the umask is. The mode of an existing file is never
    /// changed; the file is refused if it is open to more users than this. Read and write for the owner are
    /// always part of the mode, and only read, write and execute can be.
    ///
    /// If the mode lets the group or others write, the file may belong to any user. Every user who may write
    /// it can end all processes that use it, by cutting it short: trust them.
    pub const fn mode(mut self, mode: u32) -> Self {
        self.mode = mode & 0o777 | 0o600;
        self
    }

    /// How long to wait for other processes that are initializing the file. Default: 5 s.
    ///
    /// Initialization takes microseconds. The limit is for a process that was stopped in the middle of it.
    pub const fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Opens the register in the file of the absolute path `path`. If there is no such file, it is created.
    ///
    /// # Errors
    ///
    /// [`SharedMemoryError`]; then the file is unchanged.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<SharedMemory, SharedMemoryError> {
        SharedMemory::open_with(self.clone(), path.as_ref())
    }
}
