//! [`SharedMemoryError`]: why a file cannot be used as a register.

use super::super::{RegisterError, RegisterErrorKind};
use crate::cause::behind;
use core::error::Error;
use core::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why a file could not be opened as a register. The file is unchanged.
///
/// The message names the file and says what to do. It ends with what the system said, if the system refused
/// something ([`system_error`](Self::system_error)).
#[derive(Clone, Debug)]
pub struct SharedMemoryError {
    kind: SharedMemoryErrorKind,
    path: PathBuf,
    system: Option<Arc<io::Error>>,
}

/// What kind of failure a [`SharedMemoryError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SharedMemoryErrorKind {
    /// This platform has no such register.
    Unsupported {
        /// What it lacks.
        lacks: &'static str,
    },
    /// The path is relative. Each process would look for it in its own working directory, so that there could
    /// be several throttles.
    Relative,
    /// The system refused something: a directory that does not exist, no permission, no space.
    System {
        /// What was refused.
        to: &'static str,
    },
    /// The path leads to a symbolic link, a directory, a pipe, a device or a socket.
    NotAFile,
    /// The file belongs to another user, who could cut it short and so end this process.
    Owner {
        /// The user who owns it.
        owner: u32,
    },
    /// The file is open to more users than was asked for.
    Permissions {
        /// Its mode.
        found: u32,
        /// The mode that was asked for.
        asked: u32,
    },
    /// The file does not begin as a register does.
    Foreign,
    /// The file is the register of another version.
    Version {
        /// That version.
        found: u64,
    },
    /// The file begins as a register, and is longer or shorter than one.
    Length {
        /// Its length in bytes.
        found: u64,
    },
    /// The file is in use from another time namespace, which has another monotonic clock. It can be opened here
    /// when nobody uses it any more; it then starts over.
    Clock,
    /// Another process was initializing the file, and did not complete that within the limit.
    Busy,
    /// The file is empty, or its mark says that it is from another boot; and yet a running process uses it.
    InUse,
}

impl SharedMemoryError {
    pub(super) fn new(kind: SharedMemoryErrorKind, path: &Path) -> Self {
        Self { kind, path: path.to_owned(), system: None }
    }

    #[cfg(target_os = "linux")]
    pub(super) fn system(to: &'static str, path: &Path, source: impl Into<io::Error>) -> Self {
        let kind = SharedMemoryErrorKind::System { to };
        Self { system: Some(Arc::new(source.into())), ..Self::new(kind, path) }
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> SharedMemoryErrorKind {
        self.kind
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the system said, if it refused something.
    #[must_use]
    pub fn system_error(&self) -> Option<&io::Error> {
        self.system.as_deref()
    }

    /// Converts the error, for a register that was in use and had to be opened again.
    pub(super) fn into_register_error(self, register: &Arc<str>) -> RegisterError {
        use SharedMemoryErrorKind as Kind;
        let kind = match (self.kind, self.system_error().map(io::Error::kind)) {
            (Kind::System { .. }, Some(io::ErrorKind::NotFound)) => RegisterErrorKind::Removed,
            (Kind::Busy | Kind::InUse, _) => RegisterErrorKind::Unreachable,
            (
                Kind::System { .. }
                | Kind::Unsupported { .. }
                | Kind::Relative
                | Kind::Owner { .. }
                | Kind::Permissions { .. }
                | Kind::Clock,
                _,
            ) => RegisterErrorKind::Refused,
            _ => RegisterErrorKind::Foreign,
        };
        RegisterError::new(kind, register).with_source(self)
    }
}

impl fmt::Display for SharedMemoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use SharedMemoryErrorKind as Kind;
        let path = self.path.display();
        match self.kind {
            Kind::Unsupported { lacks } => {
                write!(f, "no register in {path}: this platform has no {lacks}; use another register")
            }
            Kind::Relative => write!(
                f,
                "`{path}` is not an absolute path, so each process would look for it in its own working \
                 directory: write an absolute path, such as /run/agent/reload"
            ),
            Kind::System { to } => {
                write!(f, "the register in {path}: cannot {to}")?;
                self.system.as_ref().map_or(Ok(()), |error| write!(f, ": {error}"))
            }
            Kind::NotAFile => {
                write!(f, "{path} is not a regular file: name one, or a path that does not exist yet")
            }
            Kind::Owner { owner } => write!(
                f,
                "{path} belongs to user {owner}, who could cut it short while it is in use: use a directory \
                 in which no other user can create files, or ask for a mode that lets others write"
            ),
            Kind::Permissions { found, asked } => write!(
                f,
                "{path} has mode {found:03o}, which is open to more users than the mode {asked:03o} that was \
                 asked for: change the mode of the file, or ask for that mode"
            ),
            Kind::Foreign => {
                write!(f, "{path} is not the register of a throttle: use another path, or remove it")
            }
            Kind::Version { found } => write!(
                f,
                "{path} is a register of format {found}, and this program knows another one: use one \
                 version for all programs that share it, or use another path"
            ),
            Kind::Length { found } => write!(
                f,
                "{path} is a register and has {found} bytes, which is the wrong length: end the \
                 programs that use it, and remove it"
            ),
            Kind::Clock => write!(
                f,
                "{path} is in use from another time namespace (a container with a clock of its own): use \
                 another path, or let all programs that share it run in one time namespace; it starts over \
                 when the programs there have ended"
            ),
            Kind::Busy => write!(
                f,
                "{path} is locked by another process, which does not go on: was it stopped while it opened \
                 the file, or does another program lock it?"
            ),
            Kind::InUse => write!(
                f,
                "{path} is empty, or marked as from another boot, and yet a running process uses it: if it \
                 was cut short, remove it, and all its users start with a new one; if that process is in a \
                 container with a boot id of its own, or on another machine, use another path"
            ),
        }
    }
}

impl Error for SharedMemoryError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.system.as_deref().and_then(|error| behind(error))
    }
}
