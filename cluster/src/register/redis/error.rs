//! [`RedisOptionsError`]: why options are not those of a register.

use core::error::Error;
use core::fmt;
use std::sync::Arc;

/// Why [`RedisOptions`](super::RedisOptions) are not those of a register. It shows none of them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RedisOptionsError {
    /// Prefix and name are both empty.
    NoKey,
    /// The host is empty, or has characters that no host has.
    Host,
    /// A user was given without a password.
    NoPassword,
    /// A limit of no time at all.
    NoTime,
    /// TLS on a Unix socket.
    TlsOnSocket,
    /// TLS was asked for, and the package was built without the feature `tls`.
    TlsNotEnabled,
    /// A Unix socket was asked for, on a platform that has none.
    NoUnixSockets,
    /// The client does not take them, for this reason: a certificate that cannot be read.
    Client(Arc<dyn Error + Send + Sync>),
}

impl RedisOptionsError {
    pub(super) fn client(cause: redis::RedisError) -> Self {
        Self::Client(Arc::new(cause))
    }
}

impl fmt::Display for RedisOptionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoKey => "a Redis register needs a key: give the throttle a name",
            Self::Host => "that is no name or address of a host: credentials and paths do not belong there",
            Self::NoPassword => "a user needs a password: a password alone is that of the default user",
            Self::NoTime => "a limit of no time at all leaves none for an answer",
            Self::TlsOnSocket => "a Unix socket has no TLS: use one of them",
            Self::TlsNotEnabled => "TLS needs the feature `tls` of atomic-throttle-cluster: enable it",
            Self::NoUnixSockets => "this platform has no Unix sockets: use a host and a port",
            Self::Client(_) => "the Redis client does not take these options: look at the cause",
        })
    }
}

impl Error for RedisOptionsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Client(cause) => Some(&**cause),
            _ => None,
        }
    }
}
