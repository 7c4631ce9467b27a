//! [`RegisterError`]: why a register did not answer.

use crate::cause::behind;
use core::error::Error;
use core::fmt;
use std::sync::Arc;

/// Why a register did not answer, or did not answer with a cell. What was owed stays owed.
///
/// The message says what to do and never holds a password. It is one line, and includes the words of the
/// [`cause`](Self::cause). So its [`source`](Error::source) is the cause of that cause: a program that prints
/// an error and all its sources prints nothing twice.
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
    /// What it answered is no answer to what it was asked, or it was asked something else than was sent.
    /// Something on the way changes or repeats bytes, or this is another service.
    Garbled,
    /// It holds what was written, but too few of its replicas do: a failover may lose it.
    Unconfirmed,
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

    /// The cause, for a program that knows its type.
    #[must_use]
    pub fn cause(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
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
        let (says, otherwise) = match self.kind {
            RegisterErrorKind::Unreachable => {
                ("does not answer", "is it running, and is the way to it open?")
            }
            RegisterErrorKind::Refused => ("refuses", "look at the configuration of the register"),
            RegisterErrorKind::Foreign => (
                "holds something that is not a throttle of this version (use another name, or remove it)",
                "",
            ),
            RegisterErrorKind::Removed => ("was removed or cut short while in use (leave it in place)", ""),
            RegisterErrorKind::Unconfirmed => ("cannot vouch for what it holds", "look at its replicas"),
            RegisterErrorKind::Garbled => {
                ("answers with something else than was asked for", "look at the way to it")
            }
            RegisterErrorKind::Ahead => (
                "holds a run that starts more than an hour ahead of its own clock (set that clock right, or remove \
                 what it holds)",
                "",
            ),
        };
        write!(f, "the register {} {says}", self.register)?;
        match &self.source {
            Some(cause) => write!(f, ": {cause}"),
            None if otherwise.is_empty() => Ok(()),
            None => write!(f, ": {otherwise}"),
        }
    }
}

impl Error for RegisterError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause().and_then(behind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use RegisterErrorKind::{Ahead, Foreign, Garbled, Refused, Removed, Unconfirmed, Unreachable};
    use std::io;

    #[test]
    fn each_kind_says_its_cause_once_and_what_to_do_without_one() {
        for kind in [Unreachable, Refused, Foreign, Removed, Ahead, Garbled, Unconfirmed] {
            let error = RegisterError::new(kind, &"r".into());
            let alone = error.to_string();
            assert!(alone.starts_with("the register r ") && alone.contains([':', '(']), "{alone}");
            assert!(error.cause().is_none() && error.source().is_none());
            let error = error.with_source(io::Error::other("disk full"));
            let told = error.to_string();
            assert!(told.ends_with(": disk full") && !told.contains('\n'), "{told}");
            assert_eq!(error.cause().unwrap().to_string(), "disk full");
            assert!(error.source().is_none(), "it was said");
        }
    }
}
