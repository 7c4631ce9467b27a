//! [`Failure`]: why an operation got no answer that can be used. Its text says what to do.

use super::deadline::Deadline;
use super::hints;
use crate::register::RegisterErrorKind;
use core::error::Error;
use core::fmt;
use core::time::Duration;
use redis::{RedisError, ServerError};
use std::io;

#[derive(Debug)]
pub(super) enum Failure {
    /// The name of the host has no address.
    Lookup(io::Error),
    /// No connection.
    Connect(io::Error),
    /// The connection ended.
    Cut(io::Error),
    /// What was awaited did not come in time.
    Late { awaited: &'static str, limit: Duration },
    /// The two sides do not agree on TLS.
    #[cfg(feature = "tls")]
    Tls(io::Error),
    /// The server refuses.
    Server(ServerError),
    /// The answer cannot be parsed.
    NotRedis(RedisError),
    /// The answer is not one to what was asked, or not as it was sent.
    OutOfStep,
    /// The value of the key is not a cell.
    NotACell { held: Vec<u8> },
    /// No sentinel knows where the primary is.
    NoPrimary { name: String, sentinels: String },
    /// This sentinel does not watch the primary.
    UnknownPrimary,
    /// The sentinels sent us to another server.
    NotThePrimary { role: String },
    /// It was written, and too few replicas have it.
    Unconfirmed { replicas: u32, wanted: u32, limit: Duration },
}

impl Failure {
    pub(super) fn connecting(error: io::Error, deadline: Deadline) -> Self {
        Self::of("connection", error, deadline, Self::Connect)
    }

    #[cfg(feature = "tls")]
    pub(super) fn shaking_hands(error: io::Error, deadline: Deadline) -> Self {
        Self::of("answer to a TLS handshake", error, deadline, Self::Tls)
    }

    pub(super) fn asking(error: io::Error, deadline: Deadline) -> Self {
        #[cfg(feature = "tls")]
        if matches!(error.get_ref(), Some(cause) if cause.is::<rustls::Error>()) {
            return Self::Tls(error);
        }
        Self::of("answer", error, deadline, Self::Cut)
    }

    /// A socket says "would block" when its limit is over.
    fn of(
        awaited: &'static str,
        error: io::Error,
        deadline: Deadline,
        failure: impl FnOnce(io::Error) -> Self,
    ) -> Self {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                Self::Late { awaited, limit: deadline.limit() }
            }
            _ => failure(error),
        }
    }

    pub(super) fn kind(&self) -> RegisterErrorKind {
        match self {
            Self::Server(error) if error.code() == "WRONGTYPE" => RegisterErrorKind::Foreign,
            Self::Server(error) if error.code() == "GARBLED" => RegisterErrorKind::Garbled,
            Self::NotACell { .. } => RegisterErrorKind::Foreign,
            Self::Server(_) | Self::UnknownPrimary | Self::NotThePrimary { .. } => RegisterErrorKind::Refused,
            Self::NotRedis(_) | Self::OutOfStep => RegisterErrorKind::Garbled,
            Self::Unconfirmed { .. } => RegisterErrorKind::Unconfirmed,
            _ => RegisterErrorKind::Unreachable,
        }
    }

    /// Whether a new connection may work where this one did not.
    pub(super) fn is_of_connection(&self) -> bool {
        matches!(self, Self::Cut(_) | Self::NotRedis(_) | Self::OutOfStep)
    }

    /// Where a node of a Redis Cluster sends us: it does not hold the key.
    pub(super) fn moved(&self) -> Option<(&str, u16)> {
        let Self::Server(error) = self else { return None };
        let (_slot, address) = error.details().filter(|_| error.code() == "MOVED")?.split_once(' ')?;
        let (host, port) = address.rsplit_once(':')?;
        Some((host, port.parse().ok()?))
    }

    /// Whether the server does not know this script.
    pub(super) fn is_unknown_script(&self) -> bool {
        matches!(self, Self::Server(error) if error.code() == "NOSCRIPT")
    }

    /// Whether the server, or a proxy before it, does not execute this command for us. It did nothing then.
    pub(super) fn is_unknown_command(&self) -> bool {
        let Self::Server(error) = self else { return false };
        let details = error.details().unwrap_or_default().to_ascii_lowercase();
        error.code() == "NOPERM"
            || ["unknown command", "not supported", "unsupported"].iter().any(|said| details.contains(said))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lookup(error) => write!(f, "the name of the host has no address: {error}"),
            Self::Connect(error) => {
                write!(f, "is it running, and is the way to it open? No connection: {error}")
            }
            Self::Cut(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                f.write_str("it closed the connection without an answer")
            }
            Self::Cut(error) => write!(f, "the connection was cut: {error}"),
            Self::Late { awaited, limit } => write!(f, "no {awaited} came within {limit:?}"),
            #[cfg(feature = "tls")]
            Self::Tls(error) => write!(
                f,
                "TLS failed: does the server speak TLS at this port, and has it a certificate of this host from \
                 an authority that is trusted here? {error}"
            ),
            Self::Server(error) => write!(f, "{}", hints::Said(error)),
            Self::NotRedis(error) => write!(
                f,
                "this is not the language of Redis: is it the right port, and does the server expect TLS \
                 (`rediss:`) there? {error}"
            ),
            Self::OutOfStep => f.write_str(
                "it is not an answer to what was asked: something on the way changes, repeats or mixes up what \
                 it passes on",
            ),
            Self::NotACell { held } => {
                let held = String::from_utf8_lossy(held);
                write!(
                    f,
                    "the key begins with {held:?}, and the key of a throttle of this version begins with \"at2 \""
                )
            }
            Self::NoPrimary { name, sentinels } => {
                write!(f, "no sentinel says where the primary {name:?} is: {sentinels}")
            }
            Self::UnknownPrimary => f.write_str("it watches no primary of this name: correct the name"),
            Self::NotThePrimary { role } => write!(
                f,
                "the sentinels say that it is the primary, and it says that it is a {role:?}: this lasts as long \
                 as a failover"
            ),
            Self::Unconfirmed { replicas, wanted, limit } => write!(
                f,
                "of {wanted} replicas {replicas} have it after {limit:?}: look at `INFO replication` of the server"
            ),
        }
    }
}

/// What is printed above is skipped here.
impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Lookup(error) | Self::Connect(error) | Self::Cut(error) => error.source(),
            #[cfg(feature = "tls")]
            Self::Tls(error) => error.source(),
            Self::NotRedis(error) => error.source(),
            _ => None,
        }
    }
}

/// Whether the error, or one of its causes, contains the password in any way.
///
/// No server is known to send it. But a server or a proxy may answer anything.
pub(super) fn tells(error: &(dyn Error + 'static), password: &str) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if format!("{error} {error:?}").contains(password) {
            return true;
        }
        next = error.source();
    }
    false
}

/// Replaces a cause that contains the password.
#[derive(Debug)]
pub(super) struct Blanked(String);

impl Blanked {
    pub(super) fn new<'a>(error: &dyn Error, passwords: impl Iterator<Item = &'a str>) -> Self {
        Self(passwords.fold(error.to_string(), |shown, password| shown.replace(password, "***")))
    }
}

impl fmt::Display for Blanked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Blanked {}

#[cfg(test)]
mod tests {
    use super::*;
    use redis::{Value, parse_redis_value};

    fn said(line: &str) -> Failure {
        match parse_redis_value(format!("-{line}\r\n").as_bytes()) {
            Ok(Value::ServerError(error)) => Failure::Server(error),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_server_that_says_the_password_is_blanked() {
        let error = said("ERR unknown command 'AUTH', with args beginning with: 'hunter2'");
        assert!(tells(&error, "hunter2"));
        let blanked = Blanked::new(&error, ["hunter2"].into_iter());
        assert!(!tells(&blanked, "hunter2"), "{blanked} {blanked:?}");
        assert!(blanked.to_string().contains("'***'"), "{blanked}");
    }

    #[test]
    fn a_cause_that_says_it_deeper_down_is_found() {
        let deep = io::Error::other(Failure::Cut(io::Error::other(Blanked("at hunter2".to_owned()))));
        assert!(tells(&deep, "hunter2"));
        assert!(!tells(&deep, "hunter3"));
    }

    #[test]
    fn a_node_of_a_cluster_says_where_the_key_is() {
        assert_eq!(said("MOVED 3999 127.0.0.1:6381").moved(), Some(("127.0.0.1", 6381)));
        assert_eq!(said("MOVED 3999 ::1:6381").moved(), Some(("::1", 6381)));
        assert_eq!(said("MOVED 3999 :6381").moved(), Some(("", 6381)));
        for other in ["MOVED", "MOVED 3999", "MOVED 3999 host", "MOVED 3999 host:99999", "ASK 3999 host:1"] {
            assert_eq!(said(other).moved(), None, "{other}");
        }
    }
}
