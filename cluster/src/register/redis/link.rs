//! [`Link`]: the one connection to the server. It is made when it is needed, and dropped after a failure.

use core::time::Duration;
use redis::{Client, Connection, RedisResult};
use std::sync::{Mutex, PoisonError};

/// Each use of the connection is exclusive until the answer is there, which takes at most the timeouts.
pub(super) struct Link {
    client: Client,
    connect_timeout: Duration,
    response_timeout: Duration,
    kept: Mutex<Option<Connection>>,
}

/// What to do if the kept connection turns out to be cut: the command may have been executed or not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum WhenCut {
    /// The command changes nothing, so it is sent once more, on a new connection.
    SendAgain,
    /// It is not sent again: the caller learns that the outcome is unknown.
    GiveUp,
}

impl Link {
    /// Does not connect.
    pub(super) fn new(client: Client, connect_timeout: Duration, response_timeout: Duration) -> Self {
        Self { client, connect_timeout, response_timeout, kept: Mutex::new(None) }
    }

    /// Performs `step` on the kept connection, or on a new one.
    ///
    /// After any failure the connection is dropped. A connection that was given up in the middle of an answer
    /// would take the rest of it for the next answer. And if a server behind one address has become a
    /// replica, it refuses for as long as a client is connected to it.
    pub(super) fn perform<T>(
        &self,
        when_cut: WhenCut,
        mut step: impl FnMut(&mut Connection) -> RedisResult<T>,
    ) -> RedisResult<T> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mut connection) = kept.take() {
            match step(&mut connection) {
                Ok(done) => {
                    *kept = Some(connection);
                    return Ok(done);
                }
                Err(error) if when_cut == WhenCut::SendAgain && error.is_connection_dropped() => {}
                Err(error) => return Err(error),
            }
        }
        let mut connection = self.connect()?;
        let done = step(&mut connection)?;
        *kept = Some(connection);
        Ok(done)
    }

    fn connect(&self) -> RedisResult<Connection> {
        let connection = self.client.get_connection_with_timeout(self.connect_timeout)?;
        connection.set_read_timeout(Some(self.response_timeout))?;
        connection.set_write_timeout(Some(self.response_timeout))?;
        Ok(connection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn a_panic_while_it_was_held_is_no_panic_of_the_next() {
        // A port refuses connections if it is bound and no one listens on it.
        let nobody = std::net::UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        let client = Client::open(("127.0.0.1", nobody.local_addr().unwrap().port())).unwrap();
        let link = Link::new(client, Duration::from_secs(1), Duration::from_secs(1));
        let panicked = thread::scope(|scope| {
            let held = scope.spawn(|| {
                let _kept = link.kept.lock().unwrap();
                panic!("while it is held");
            });
            held.join().is_err()
        });
        assert!(panicked && link.kept.is_poisoned());
        let refused = link.perform(WhenCut::GiveUp, |_| Ok(())).unwrap_err();
        assert!(refused.is_io_error(), "{refused}");
    }
}
