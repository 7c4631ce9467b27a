//! [`Way`]: where the server is, and who we are there.

use super::connection::{Connection, Credentials, Stream};
use super::deadline::Deadline;
use super::failure::Failure;
use super::sentinel::Sentinels;
use super::socket::Socket;
#[cfg(feature = "tls")]
use super::tls::Tls;
#[cfg(unix)]
use std::path::PathBuf;

pub(super) struct Way {
    pub(super) place: Place,
    pub(super) credentials: Credentials,
    pub(super) db: u32,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<Tls>,
}

pub(super) enum Place {
    Host {
        host: String,
        port: u16,
    },
    #[cfg(unix)]
    Socket(PathBuf),
    Sentinels(Sentinels),
}

impl Way {
    /// A new connection to the server, which knows who we are.
    pub(super) fn connect(&self, deadline: Deadline) -> Result<Connection, Failure> {
        match &self.place {
            Place::Host { host, port } => self.connect_to(host, *port, deadline),
            #[cfg(unix)]
            Place::Socket(path) => self.enter(Stream::Plain(Socket::unix(path, deadline)?), deadline),
            Place::Sentinels(sentinels) => {
                let (host, port) = sentinels.primary(deadline)?;
                let mut connection = self.connect_to(&host, port, deadline)?;
                Sentinels::check_role(&mut connection, deadline)?;
                Ok(connection)
            }
        }
    }

    /// The same to this server. A node of a cluster that sends a client elsewhere may leave out the host, and
    /// means its own.
    pub(super) fn connect_to(
        &self,
        host: &str,
        port: u16,
        deadline: Deadline,
    ) -> Result<Connection, Failure> {
        let host = match &self.place {
            Place::Host { host: own, .. } if host.is_empty() => own,
            _ => host,
        };
        let socket = Socket::tcp(host, port, deadline)?;
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            let stream = tls.connect(host, socket, deadline)?;
            return self.enter(Stream::Tls(Box::new(stream)), deadline);
        }
        self.enter(Stream::Plain(socket), deadline)
    }

    fn enter(&self, stream: Stream, deadline: Deadline) -> Result<Connection, Failure> {
        let mut connection = Connection::new(stream);
        connection.authenticate(&self.credentials, deadline)?;
        connection.select(self.db, deadline)?;
        Ok(connection)
    }
}
