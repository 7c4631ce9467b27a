//! [`RedisOptions`]: which server, which key, and how long to wait.

use super::error::RedisOptionsError;
use core::fmt;
use core::time::Duration;
use redis::io::tcp::TcpSettings;
use redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo};
use std::path::PathBuf;

/// Redis counts milliseconds from 1970 in 63 bits. This is far from their end, and longer than any useful
/// retention.
const LONGEST_RETENTION: Duration = Duration::from_secs(100 * 366 * 24 * 60 * 60);

/// Which server and which key a [`Redis`](super::Redis) register uses, and how long it waits.
///
/// The defaults: `127.0.0.1:6379`, database 0, no TLS, no credentials, a second to connect and a second for
/// each answer, and a key that expires after a week without use.
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
    pub(super) connect_timeout: Duration,
    pub(super) response_timeout: Duration,
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
            connect_timeout: Duration::from_secs(1),
            response_timeout: Duration::from_secs(1),
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

    /// How long connecting may take, for each address of the server, with authentication. The lookup of the
    /// host's name has the limits of the system's resolver.
    #[must_use]
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        Self { connect_timeout: timeout, ..self }
    }

    /// How long each answer may take.
    #[must_use]
    pub fn response_timeout(self, timeout: Duration) -> Self {
        Self { response_timeout: timeout, ..self }
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
        match &self.socket {
            Some(socket) => format!("redis+unix://{}?db={db} (key {key:?})", socket.display()),
            None => format!("redis{}://{host}:{port}/{db} (key {key:?})", if *tls { "s" } else { "" }),
        }
    }

    pub(super) fn secret(&self) -> Option<&str> {
        self.password.as_deref().filter(|password| !password.is_empty())
    }

    pub(super) fn retention_millis(&self) -> u64 {
        let longest = self.retention.min(LONGEST_RETENTION);
        u64::try_from(longest.as_millis()).unwrap_or(u64::MAX).max(1)
    }

    /// Checks what can be checked without the server.
    pub(super) fn client(&self) -> Result<Client, RedisOptionsError> {
        self.check()?;
        let redis = RedisConnectionInfo::default().set_db(i64::from(self.db)).set_skip_set_lib_name();
        let redis = match &self.username {
            Some(username) => redis.set_username(username),
            None => redis,
        };
        let redis = match &self.password {
            Some(password) => redis.set_password(password),
            None => redis,
        };
        let info = self.address().into_connection_info().map_err(RedisOptionsError::client)?;
        let tcp = TcpSettings::default().set_nodelay(true);
        self.open(info.set_redis_settings(redis).set_tcp_settings(tcp))
    }

    fn check(&self) -> Result<(), RedisOptionsError> {
        // A `@` would be the end of credentials that were mistaken for part of the host.
        let is_host = |host: &str| {
            !host.is_empty()
                && !host.contains(|c: char| c == '@' || c == '/' || c.is_whitespace() || c.is_control())
        };
        if self.key().is_empty() {
            Err(RedisOptionsError::NoKey)
        } else if self.socket.is_none() && !is_host(&self.host) {
            Err(RedisOptionsError::Host)
        } else if self.socket.is_some() && !cfg!(unix) {
            Err(RedisOptionsError::NoUnixSockets)
        } else if self.socket.is_some() && self.tls {
            Err(RedisOptionsError::TlsOnSocket)
        } else if self.username.is_some() && self.password.is_none() {
            Err(RedisOptionsError::NoPassword)
        } else if self.connect_timeout.is_zero() || self.response_timeout.is_zero() {
            Err(RedisOptionsError::NoTime)
        } else if self.tls && !cfg!(feature = "tls") {
            Err(RedisOptionsError::TlsNotEnabled)
        } else {
            Ok(())
        }
    }

    fn address(&self) -> ConnectionAddr {
        match &self.socket {
            Some(socket) => ConnectionAddr::Unix(socket.clone()),
            None if self.tls => ConnectionAddr::TcpTls {
                host: self.host.clone(),
                port: self.port,
                insecure: false,
                tls_params: None,
            },
            None => ConnectionAddr::Tcp(self.host.clone(), self.port),
        }
    }

    #[cfg(not(feature = "tls"))]
    #[allow(clippy::unused_self, reason = "with TLS there is more to it")]
    fn open(&self, info: ConnectionInfo) -> Result<Client, RedisOptionsError> {
        Client::open(info).map_err(RedisOptionsError::client)
    }

    #[cfg(feature = "tls")]
    fn open(&self, info: ConnectionInfo) -> Result<Client, RedisOptionsError> {
        if !self.tls {
            return Client::open(info).map_err(RedisOptionsError::client);
        }
        // Rustls panics when it connects if there is no provider, or if there are several to choose from. If
        // the program has installed one already, that is no failure.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let certificates = redis::TlsCertificates { client_tls: None, root_cert: self.authority.clone() };
        Client::build_with_tls(info, certificates).map_err(RedisOptionsError::client)
    }
}

impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisOptions")
            .field("register", &format_args!("{}", self.description()))
            .field("username", &self.username.as_ref().map(|_| format_args!("***")))
            .field("password", &self.password.as_ref().map(|_| format_args!("***")))
            .field("connect_timeout", &self.connect_timeout)
            .field("response_timeout", &self.response_timeout)
            .field("retention", &self.retention)
            .finish_non_exhaustive()
    }
}
