//! Why a register could not be opened by name.

use super::Failure;
use crate::cause::behind;
use core::error::Error;
use core::fmt;

/// Why a register could not be opened. The message says what to do and why, in one line, and shows no password.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// The location does not begin with the name of a driver and a colon.
    NoDriver {
        /// The names that are known.
        known: Vec<String>,
    },
    /// No driver has this name.
    UnknownDriver {
        /// The name that was asked for.
        name: String,
        /// What to write instead, if other programs know this name.
        instead: Option<&'static str>,
        /// The names that are known.
        known: Vec<String>,
    },
    /// The driver belongs to this crate, but is not built in.
    NotBuiltIn {
        /// The name that was asked for.
        name: String,
        /// The feature that adds it.
        feature: &'static str,
    },
    /// The rest of the location cannot be read. It is not shown, because it may contain a password in a wrong
    /// notation.
    Malformed {
        /// The driver that was asked for.
        name: String,
        /// What is wrong.
        what: &'static str,
        /// What the parser said.
        source: Option<url::ParseError>,
    },
    /// What stands in the place of the throttle's name is most likely something else, such as the number of a
    /// database.
    NotAName {
        /// The location, without credentials.
        location: String,
        /// What stands there.
        name: String,
        /// What is wrong with it, and what to write.
        what: String,
    },
    /// The value of a parameter is not valid.
    Parameter {
        /// The location, without credentials.
        location: String,
        /// The parameter.
        parameter: String,
        /// Its value.
        value: String,
        /// What is wrong with it.
        source: Failure,
    },
    /// The driver does not know a parameter.
    UnknownParameter {
        /// The location, without credentials.
        location: String,
        /// The parameter.
        parameter: String,
        /// The parameters that are known.
        known: Vec<String>,
    },
    /// The driver failed.
    Failed {
        /// The location, without credentials.
        location: String,
        /// Why.
        source: Failure,
    },
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDriver { known } => {
                write!(
                    f,
                    "the location of a register begins with `DRIVER:`, and DRIVER is one of {}",
                    known.join(", ")
                )
            }
            Self::UnknownDriver { name, instead: Some(instead), .. } => {
                write!(f, "no driver is called {name:?}: {instead}")
            }
            Self::UnknownDriver { name, instead: None, known } => {
                write!(f, "no driver is called {name:?}: {}", the_known(name, known))
            }
            Self::NotBuiltIn { name, feature } => write!(
                f,
                "the driver {name:?} is not built in: turn on the feature `{feature}` of atomic-throttle-cluster"
            ),
            Self::Malformed { name, what, source } => {
                write!(f, "the text after `{name}:` is not the location of a register: {what}")?;
                source.as_ref().map_or(Ok(()), |cause| write!(f, ": {cause}"))
            }
            Self::NotAName { location, name, what } => {
                write!(f, "`{location}` does not name a throttle: {name:?} {what}")
            }
            Self::Parameter { location, parameter, value, source } => {
                write!(f, "`{location}`: the parameter `{parameter}` cannot be {value:?}: {source}")
            }
            Self::UnknownParameter { location, parameter, known } => {
                write!(f, "`{location}` has no parameter `{parameter}`: {}", the_known(parameter, known))
            }
            Self::Failed { location, source } => write!(f, "`{location}` cannot be opened: {source}"),
        }
    }
}

impl Error for OpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Malformed { source, .. } => source.as_ref().and_then(|cause| behind(cause)),
            Self::Parameter { source, .. } | Self::Failed { source, .. } => behind(&**source),
            Self::NoDriver { .. }
            | Self::UnknownDriver { .. }
            | Self::NotBuiltIn { .. }
            | Self::NotAName { .. }
            | Self::UnknownParameter { .. } => None,
        }
    }
}

/// The name that was most likely meant, and all that are known.
fn the_known(asked: &str, known: &[String]) -> String {
    let all = known.join(", ");
    match known.iter().find(|name| is_near(asked, name)) {
        Some(name) => format!("did you mean `{name}`? The known ones are {all}"),
        None => format!("the known ones are {all}"),
    }
}

/// Whether the one text is most likely a slip for the other: they differ in the case of letters, or in one place
/// by at most two characters and not by more than half.
fn is_near(asked: &str, name: &str) -> bool {
    let [asked, name] = [asked, name].map(|text| text.trim().to_lowercase().chars().collect::<Vec<_>>());
    let longest = asked.len().max(name.len());
    let shortest = asked.len().min(name.len());
    let before = asked.iter().zip(&name).take_while(|(a, b)| a == b).count();
    let after = asked.iter().rev().zip(name.iter().rev()).take_while(|(a, b)| a == b).count();
    let differ = longest - before - after.min(shortest - before);
    differ <= 2 && 2 * differ <= longest
}

/// Several hosts, and what to write instead.
pub(super) const SEVERAL_HOSTS: &str = "it names several hosts: write one, or for Redis Sentinel \
    `redis+sentinel://H1:26379/NAME?master=NAME&sentinels=H2:26379,H3:26379`";

/// What to write instead of a name that other programs give to a register or its server. `rest` is what follows
/// the colon.
pub(super) fn instead_of(name: &str, rest: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase().replace("valkey", "redis").replace(['-', '_'], "+");
    Some(match name.as_str() {
        "rediss+sentinel" | "rediss+sentinels" => {
            "sentinels and what they watch are reached without TLS, so write \
             `redis+sentinel://H1:26379/NAME?master=NAME&sentinels=H2:26379,H3:26379`"
        }
        "sentinel" | "redis+sentinel" | "redis+sentinels" => {
            "for Redis Sentinel write `redis+sentinel://H1:26379/NAME?master=NAME&sentinels=H2:26379,H3:26379`"
        }
        "redis+cluster" | "rediss+cluster" | "redis+clusters" | "cluster" => {
            "a throttle is one key, so write the address of one node of the Redis Cluster, as in \
             `redis://HOST:PORT/NAME`, and the node that holds the key is found"
        }
        "unix" | "redis+unix" | "unix+redis" | "redis+socket" | "socket" => {
            "for a Unix socket write `redis+unix:/run/redis.sock?name=NAME`"
        }
        "rediss+unix" | "redis+unixs" | "rediss+socket" | "unixs" | "unix+tls" => {
            "a Unix socket has no TLS, so write `redis+unix:/run/redis.sock?name=NAME`"
        }
        "tls" | "ssl" | "redis+tls" | "redis+ssl" | "redis+rediss" => "for TLS write `rediss://HOST/NAME`",
        "tcp" | "redis+tcp" => "write `redis://HOST:PORT/NAME`",
        "http" | "https" => {
            "no register is reached by HTTP, so write the address for Redis clients, as in \
             `rediss://:PASSWORD@HOST:PORT/NAME`"
        }
        "file" | "mmap" => "for a file write `shm:/run/agent/reload`",
        // As in `localhost:6379/0`.
        _ if rest.starts_with(|c: char| c.is_ascii_digit()) => "for a server write `redis://HOST:PORT/NAME`",
        _ => return None,
    })
}

/// Why a driver was not added.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameError {
    /// Another driver has the name already.
    Taken {
        /// The name.
        name: String,
    },
    /// The name is not valid.
    Invalid {
        /// The name.
        name: String,
    },
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken { name } => write!(f, "a driver is called {name:?} already: use another name"),
            Self::Invalid { name } => write!(
                f,
                "a driver cannot be called {name:?}: use letters, digits, `+`, `-`, `.`, `_`, and `::` between them"
            ),
        }
    }
}

impl Error for NameError {}

#[cfg(test)]
mod tests {
    use super::is_near;

    #[test]
    fn a_slip_is_near_and_another_word_is_not() {
        for (asked, name) in [
            ("LEASE", "lease"),
            ("leese", "lease"),
            ("lese", "lease"),
            ("leasse", "lease"),
            ("tiemout", "timeout"),
            ("timeouts", "timeout"),
            ("timeouted", "timeout"),
            ("d", "db"),
            ("db ", "db"),
            ("databse", "database"),
            ("aba", "ab-ba"),
        ] {
            assert!(is_near(asked, name) && is_near(name, asked), "{asked} {name}");
        }
        for (asked, name) in [
            ("bd", "db"),
            ("x", "db"),
            ("", "db"),
            ("mem", "memory"),
            ("timeout_ms", "timeout"),
            ("etcd", "redis"),
            ("lease", "retention"),
        ] {
            assert!(!is_near(asked, name) && !is_near(name, asked), "{asked} {name}");
        }
    }
}
