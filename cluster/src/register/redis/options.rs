//! [`RedisOptions`]: which server, which key, and how long to wait.

use super::connection::Credentials;
use super::error::RedisOptionsError;
use super::sentinel::Sentinels;
#[cfg(feature = "tls")]
use super::tls::Tls;
use super::way::{Place, Way};
use core::fmt;
use core::time::Duration;
use std::path::PathBuf;

/// Redis counts milliseconds from 1970 in 63 bits. This is far from their end, and longer than any useful
/// retention.
const LONGEST_RETENTION: Duration = Duration::from_secs(100 * 366 * 24 * 60 * 60);

/// Far from the end of any clock.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

/// Which server and which key a [`Redis`](super::Redis) register uses, and how long it waits.
///
/// ```
/// use atomic_throttle_cluster::register::{Redis, RedisOptions};
/// use std::time::Duration;
///
/// let options = RedisOptions::new("reload").host("10.0.0.5").db(1).timeout(Duration::from_secs(1));
/// let register = Redis::new(options)?; // It does not connect yet.
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The defaults: `127.0.0.1:6379`, database 0, no TLS, no credentials, two seconds for each operation, and a
/// key that expires after a week without use.
///
/// It never shows credentials, and neither does its `Debug`.
#[derive(Clone)]
pub struct RedisOptions {
    prefix: String,
    name: String,
    host: String,
    port: u16,
    socket: Option<PathBuf>,
    tls: bool,
    #[cfg(feature = "tls")]
    authority: Option<Vec<u8>>,
    db: u32,
    username: Option<String>,
    password: Option<String>,
    sentinels: Option<Sentinels>,
    pub(super) replicas: u32,
    timeout: Duration,
    retention: Duration,
}

impl RedisOptions {
    /// The throttle of this name. Its key is the prefix and the name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            prefix: "atomic-throttle:".to_owned(),
            name: name.into(),
            host: "127.0.0.1".to_owned(),
            port: 6379,
            socket: None,
            tls: false,
            #[cfg(feature = "tls")]
            authority: None,
            db: 0,
            username: None,
            password: None,
            sentinels: None,
            replicas: 0,
            timeout: Duration::from_secs(2),
            retention: Duration::from_secs(7 * 24 * 60 * 60),
        }
    }

    /// The beginning of the key. Default: `atomic-throttle:`. It may be empty.
    #[must_use]
    pub fn prefix(self, prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// The name or address of the server.
    #[must_use]
    pub fn host(self, host: impl Into<String>) -> Self {
        Self { host: host.into(), ..self }
    }

    /// The port of the server.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// The Unix socket of a server on this machine, in place of host and port.
    #[must_use]
    pub fn unix_socket(self, path: impl Into<PathBuf>) -> Self {
        Self { socket: Some(path.into()), ..self }
    }

    /// Whether to connect over TLS, with the certificates that the system trusts. Needs the feature `tls`.
    #[must_use]
    pub fn tls(self, tls: bool) -> Self {
        Self { tls, ..self }
    }

    /// The certificate of the authority to trust, in PEM, in place of those that the system trusts.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn certificate_authority(self, pem: impl Into<Vec<u8>>) -> Self {
        Self { authority: Some(pem.into()), ..self }
    }

    /// The number of the database.
    #[must_use]
    pub fn db(self, db: u32) -> Self {
        Self { db, ..self }
    }

    /// The user. Default: the default user of the server.
    #[must_use]
    pub fn username(self, username: impl Into<String>) -> Self {
        Self { username: Some(username.into()), ..self }
    }

    /// The password of the user.
    #[must_use]
    pub fn password(self, password: impl Into<String>) -> Self {
        Self { password: Some(password.into()), ..self }
    }

    /// The primary of this name, where these Redis Sentinels say that it is, in place of host and port. An
    /// address is a host and a port.
    ///
    /// Each new connection asks the sentinels one after the other, until one knows the primary. Each of them
    /// may take an equal share of the time that is left. What a failover may break is said at
    /// [`Redis`](super::Redis#failover).
    #[must_use]
    pub fn sentinels<H: Into<String>>(
        self,
        primary: impl Into<String>,
        addresses: impl IntoIterator<Item = (H, u16)>,
    ) -> Self {
        let addresses = addresses.into_iter().map(|(host, port)| (host.into(), port)).collect();
        let credentials = self.sentinels.map(|sentinels| sentinels.credentials).unwrap_or_default();
        Self { sentinels: Some(Sentinels { primary: primary.into(), addresses, credentials }), ..self }
    }

    /// The password of the sentinels, and their user if it is not the default one. Call it after
    /// [`sentinels`](Self::sentinels). Default: they want none.
    #[must_use]
    pub fn sentinel_password(mut self, username: Option<String>, password: impl Into<String>) -> Self {
        if let Some(sentinels) = &mut self.sentinels {
            sentinels.credentials = Credentials { username, password: Some(password.into()) };
        }
        self
    }

    /// How many replicas must have what a swap wrote (`WAIT`) before the swap counts as done. Default: 0, none.
    ///
    /// What that gives over a failover, and what not, is said at [`Redis`](super::Redis#failover). It costs a
    /// second round trip for each swap. While fewer replicas answer, nothing runs: each swap, and each reading
    /// after a swap that failed, is an error of the kind
    /// [`Unconfirmed`](crate::register::RegisterErrorKind::Unconfirmed).
    #[must_use]
    pub fn replicas(self, replicas: u32) -> Self {
        Self { replicas, ..self }
    }

    /// How long an operation may take altogether: waiting for other operations of this register, connecting,
    /// authenticating, sending and receiving, also where a read is sent once more. At most a day.
    ///
    /// One wait can exceed it: the lookup of the host's name has the limits of the system's resolver. If it
    /// has used up the time, the operation fails.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// The time without a swap after which the server forgets the throttle. The next use starts a new one. It
    /// is rounded to whole milliseconds, at least one and at most a century.
    ///
    /// It must be longer than the threshold and the lease. After it any caller may run, and the epochs, which
    /// are the fencing tokens, start again at the time of the server's clock.
    #[must_use]
    pub fn retention(self, retention: Duration) -> Self {
        Self { retention, ..self }
    }

    /// The key that holds the throttle.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}{}", self.prefix, self.name)
    }

    /// The name of the register in errors, without credentials.
    pub(super) fn description(&self) -> String {
        let key = self.key();
        let Self { host, port, db, tls, .. } = self;
        match (&self.socket, &self.sentinels) {
            (Some(socket), _) => format!("redis+unix://{}?db={db} (key {key:?})", socket.display()),
            (None, Some(sentinels)) => format!("redis+sentinel://{sentinels} (database {db}, key {key:?})"),
            (None, None) => {
                format!("redis{}://{host}:{port}/{db} (key {key:?})", if *tls { "s" } else { "" })
            }
        }
    }

    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        let of_sentinels =
            self.sentinels.as_ref().and_then(|sentinels| sentinels.credentials.password.as_deref());
        self.password.as_deref().into_iter().chain(of_sentinels).filter(|password| !password.is_empty())
    }

    pub(super) fn retention_millis(&self) -> u64 {
        let longest = self.retention.min(LONGEST_RETENTION);
        u64::try_from(longest.as_millis()).unwrap_or(u64::MAX).max(1)
    }

    pub(super) fn limit(&self) -> Duration {
        self.timeout.min(LONGEST_TIMEOUT)
    }

    /// Checks what can be checked without the server.
    pub(super) fn way(&self) -> Result<Way, RedisOptionsError> {
        self.check()?;
        Ok(Way {
            place: self.place(),
            credentials: Credentials { username: self.username.clone(), password: self.password.clone() },
            db: self.db,
            #[cfg(feature = "tls")]
            tls: if self.tls { Some(Tls::new(self.authority.as_deref())?) } else { None },
        })
    }

    fn check(&self) -> Result<(), RedisOptionsError> {
        if self.key().is_empty() {
            Err(RedisOptionsError::NoKey)
        } else if self.socket.is_none() && !is_host(&self.host) {
            Err(RedisOptionsError::Host)
        } else if self.socket.is_some() && !cfg!(unix) {
            Err(RedisOptionsError::NoUnixSockets)
        } else if self.socket.is_some() && self.tls {
            Err(RedisOptionsError::TlsOnSocket)
        } else if self.sentinels.as_ref().is_some_and(Sentinels::is_incomplete) {
            Err(RedisOptionsError::NoSentinel)
        } else if self.sentinels.is_some() && (self.tls || self.socket.is_some()) {
            Err(RedisOptionsError::SentinelsAlone)
        } else if self.username.is_some() && self.password.is_none() {
            Err(RedisOptionsError::NoPassword)
        } else if self.timeout.is_zero() {
            Err(RedisOptionsError::NoTime)
        } else if self.tls && !cfg!(feature = "tls") {
            Err(RedisOptionsError::TlsNotEnabled)
        } else {
            Ok(())
        }
    }

    fn place(&self) -> Place {
        #[cfg(unix)]
        if let Some(path) = &self.socket {
            return Place::Socket(path.clone());
        }
        match &self.sentinels {
            Some(sentinels) => Place::Sentinels(sentinels.clone()),
            None => Place::Host { host: self.host.clone(), port: self.port },
        }
    }
}

/// A `@` would be the end of credentials that were mistaken for part of the host.
pub(super) fn is_host(host: &str) -> bool {
    !host.is_empty() && !host.contains(|c: char| c == '@' || c == '/' || c.is_whitespace() || c.is_control())
}

impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisOptions")
            .field("register", &format_args!("{}", self.description()))
            .field("username", &self.username.as_ref().map(|_| format_args!("***")))
            .field("password", &self.password.as_ref().map(|_| format_args!("***")))
            .field("replicas", &self.replicas)
            .field("timeout", &self.timeout)
            .field("retention", &self.retention)
            .finish_non_exhaustive()
    }
}
