//! [`RegisterError`]: why a register did not answer.

use core::error::Error;
use core::fmt;
use std::sync::Arc;

/// Why a register did not answer, or did not answer with a cell. What was owed stays owed.
///
/// The message says what to do, keeps its cause ([`source`](Error::source)), and never holds a password.
#[derive(Clone, Debug)]
pub struct RegisterError {
    kind: RegisterErrorKind,
    register: Arc<str>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

/// What kind of failure a [`RegisterError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RegisterErrorKind {
    /// No answer: the register is not there, the way to it is cut, or it took too long.
    Unreachable,
    /// It refused: no permission, no memory, or a replica that accepts no writes.
    Refused,
    /// It holds something that is not the cell of a throttle of this version.
    Foreign,
    /// The file that held the cell was removed or truncated.
    Removed,
    /// It holds a run that starts in the far future of its own clock: that clock was set back, or the cell is
    /// damaged.
    Ahead,
}

impl RegisterError {
    /// A failure of the register with the description `register`, which must hold no password.
    #[must_use]
    pub fn new(kind: RegisterErrorKind, register: &Arc<str>) -> Self {
        Self { kind, register: Arc::clone(register), source: None }
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> RegisterErrorKind {
        self.kind
    }

    /// The register that failed, without a password.
    #[must_use]
    pub fn register(&self) -> &str {
        &self.register
    }
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let register = &self.register;
        match self.kind {
            RegisterErrorKind::Unreachable => {
                write!(
                    f,
                    "the register {register} does not answer: is it running, and is the way to it open?"
                )
            }
            RegisterErrorKind::Refused => {
                write!(
                    f,
                    "the register {register} refuses: look at the cause, then at the configuration of the register"
                )
            }
            RegisterErrorKind::Foreign => write!(
                f,
                "the register {register} holds something that is not a throttle of this version: use another \
                 name, or remove it"
            ),
            RegisterErrorKind::Ahead => write!(
                f,
                "the register {register} holds a run that starts more than an hour ahead of its own clock: set \
                 that clock right, or remove what it holds"
            ),
            RegisterErrorKind::Removed => {
                write!(f, "the register {register} was removed or cut short while in use: leave it in place")
            }
        }
    }
}

impl Error for RegisterError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}
