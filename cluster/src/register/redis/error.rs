//! [`RedisOptionsError`]: why options are refused.

use crate::cause::behind;
use core::error::Error;
use core::fmt;
use std::sync::Arc;

/// Why [`RedisOptions`](super::RedisOptions) are refused. It shows no value of theirs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RedisOptionsError {
    /// Prefix and name are both empty.
    NoKey,
    /// The host is empty, or has a character that no host has.
    Host,
    /// A user was given without a password.
    NoPassword,
    /// The timeout is zero.
    NoTime,
    /// TLS on a Unix socket.
    TlsOnSocket,
    /// TLS is on, and the package was built without the feature `tls`.
    TlsNotEnabled,
    /// A Unix socket is given, on a platform that has none.
    NoUnixSockets,
    /// The certificate of the authority cannot be used, for this reason.
    Certificate(Arc<dyn Error + Send + Sync>),
    /// Sentinels are wanted, and there is no address of one, or no name of a primary.
    NoSentinel,
    /// Sentinels with TLS or with a Unix socket.
    SentinelsAlone,
}

impl RedisOptionsError {
    #[cfg(feature = "tls")]
    pub(super) fn certificate(cause: impl Error + Send + Sync + 'static) -> Self {
        Self::Certificate(Arc::new(cause))
    }
}

impl fmt::Display for RedisOptionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoKey => "a Redis register needs a key: give the throttle a name",
            Self::Host => "the host is not a name or an address: write one host, without credentials, port and path",
            Self::NoPassword => {
                "a user needs a password: write `USER:PASSWORD@HOST`, or `:PASSWORD@HOST` for the default user"
            }
            Self::NoTime => "a timeout of 0 leaves no time for an answer: choose a longer one",
            Self::TlsOnSocket => "a Unix socket has no TLS: use the socket or TLS, not both",
            Self::TlsNotEnabled => "TLS needs the feature `tls` of atomic-throttle-cluster: turn it on",
            Self::NoUnixSockets => "this platform has no Unix sockets: use a host and a port",
            Self::NoSentinel => "sentinels need an address of one at least, and the name of the primary",
            Self::SentinelsAlone => "with sentinels there is neither TLS nor a Unix socket: use one of them",
            Self::Certificate(cause) => {
                return write!(f, "the certificate of the authority cannot be used: {cause}");
            }
        })
    }
}

/// The message includes the cause, so the source is the cause of the cause.
impl Error for RedisOptionsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Certificate(cause) => behind(&**cause),
            _ => None,
        }
    }
}
