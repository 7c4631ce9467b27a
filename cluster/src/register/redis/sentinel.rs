//! [`Sentinels`]: they say which server is the primary now.

use super::connection::{Connection, Credentials, Stream};
use super::deadline::Deadline;
use super::failure::Failure;
use super::options::is_host;
use super::socket::Socket;
use core::fmt;
use redis::{Value, cmd};

/// Each new connection begins with them, so a failover is noticed as soon as the old primary is gone or
/// refuses.
#[derive(Clone)]
pub(super) struct Sentinels {
    /// The name that they know the primary by.
    pub(super) primary: String,
    pub(super) addresses: Vec<(String, u16)>,
    pub(super) credentials: Credentials,
}

impl Sentinels {
    pub(super) fn is_incomplete(&self) -> bool {
        self.primary.is_empty()
            || self.addresses.is_empty()
            || !self.addresses.iter().all(|(host, _)| is_host(host))
    }

    /// Asks one after the other, until one knows. Each has an equal share of the time that is left, and so
    /// has the primary after them.
    pub(super) fn primary(&self, deadline: Deadline) -> Result<(String, u16), Failure> {
        let mut failed = Vec::new();
        for (asked, (host, port)) in self.addresses.iter().enumerate() {
            let share = deadline.of_first_of(self.addresses.len() - asked + 1);
            match self.ask(host, *port, share) {
                Ok(primary) => return Ok(primary),
                Err(failure) => failed.push(format!("{host}:{port}: {failure}")),
            }
        }
        Err(Failure::NoPrimary { name: self.primary.clone(), sentinels: failed.join("; ") })
    }

    fn ask(&self, host: &str, port: u16, deadline: Deadline) -> Result<(String, u16), Failure> {
        let mut sentinel = Connection::new(Stream::Plain(Socket::tcp(host, port, deadline)?));
        sentinel.authenticate(&self.credentials, deadline)?;
        let question = cmd("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(&self.primary).take();
        let answer = sentinel.ask(&question, deadline)?;
        if answer == Value::Nil {
            return Err(Failure::UnknownPrimary);
        }
        redis::from_redis_value(answer).map_err(|_| Failure::OutOfStep)
    }

    /// Whether a server is a primary. During a failover a sentinel may still name the old one.
    pub(super) fn check_role(connection: &mut Connection, deadline: Deadline) -> Result<(), Failure> {
        let Value::Array(answer) = connection.ask(&cmd("ROLE"), deadline)? else {
            return Err(Failure::OutOfStep);
        };
        match answer.into_iter().next().map(redis::from_redis_value::<String>) {
            Some(Ok(role)) if role == "master" => Ok(()),
            Some(Ok(role)) => Err(Failure::NotThePrimary { role }),
            _ => Err(Failure::OutOfStep),
        }
    }
}

/// Where they are, and what they are asked for.
impl fmt::Display for Sentinels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (host, port)) in self.addresses.iter().enumerate() {
            write!(f, "{}{host}:{port}", if at == 0 { "" } else { "," })?;
        }
        write!(f, "?master={}", self.primary)
    }
}
