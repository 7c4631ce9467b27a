//! [`Socket`]: a connection of which each wait ends with the deadline of the operation.

use super::deadline::Deadline;
use super::failure::Failure;
use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
#[cfg(unix)]
use std::path::Path;

/// The way to a server.
pub(super) struct Socket {
    wire: Wire,
    deadline: Deadline,
}

enum Wire {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Socket {
    /// Tries each address of the host. The lookup counts towards the deadline, but nothing can end it.
    pub(super) fn tcp(host: &str, port: u16, deadline: Deadline) -> Result<Self, Failure> {
        let addresses = (host, port).to_socket_addrs().map_err(Failure::Lookup)?;
        let mut failed = Failure::Lookup(io::Error::other("it has no address"));
        let addresses: Vec<_> = addresses.collect();
        for (tried, address) in addresses.iter().enumerate() {
            let deadline = deadline.of_first_of(addresses.len() - tried);
            let connected = deadline.left().and_then(|left| {
                let stream = TcpStream::connect_timeout(address, left)?;
                stream.set_nodelay(true)?;
                Ok(stream)
            });
            match connected {
                Ok(stream) => return Ok(Self { wire: Wire::Tcp(stream), deadline }),
                Err(error) => failed = Failure::connecting(error, deadline),
            }
        }
        Err(failed)
    }

    /// A server that does not accept connections, for example because it is stopped, lets a client wait in
    /// `connect` without end. The limit of writing holds there too.
    #[cfg(unix)]
    pub(super) fn unix(path: &Path, deadline: Deadline) -> Result<Self, Failure> {
        let connect = || {
            let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None)?;
            socket.set_write_timeout(Some(deadline.left()?))?;
            socket.connect(&socket2::SockAddr::unix(path)?)?;
            Ok(UnixStream::from(std::os::fd::OwnedFd::from(socket)))
        };
        let stream = connect().map_err(|error| Failure::connecting(error, deadline))?;
        Ok(Self { wire: Wire::Unix(stream), deadline })
    }

    /// The deadline of everything from now on.
    pub(super) fn until(&mut self, deadline: Deadline) {
        self.deadline = deadline;
    }

    fn wait_for_reading(&self, limit: Duration) -> io::Result<()> {
        match &self.wire {
            Wire::Tcp(stream) => stream.set_read_timeout(Some(limit)),
            #[cfg(unix)]
            Wire::Unix(stream) => stream.set_read_timeout(Some(limit)),
        }
    }

    fn wait_for_writing(&self, limit: Duration) -> io::Result<()> {
        match &self.wire {
            Wire::Tcp(stream) => stream.set_write_timeout(Some(limit)),
            #[cfg(unix)]
            Wire::Unix(stream) => stream.set_write_timeout(Some(limit)),
        }
    }
}

impl Read for Socket {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        // The limit of a socket is one of each read, and an answer may come in many.
        self.wait_for_reading(self.deadline.left()?)?;
        match &mut self.wire {
            Wire::Tcp(stream) => stream.read(bytes),
            #[cfg(unix)]
            Wire::Unix(stream) => stream.read(bytes),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.wait_for_writing(self.deadline.left()?)?;
        match &mut self.wire {
            Wire::Tcp(stream) => stream.write(bytes),
            #[cfg(unix)]
            Wire::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
