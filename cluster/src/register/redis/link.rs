//! [`Link`]: the one connection to the server. It is made when it is needed, and dropped after a failure.

use super::connection::Connection;
use super::deadline::Deadline;
use super::failure::Failure;
use super::way::Way;
use core::time::Duration;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Each use of the connection is exclusive until the answer is there. Waiting for it counts towards the limit
/// of the operation that waits.
pub(super) struct Link {
    way: Way,
    limit: Duration,
    place: Mutex<Place>,
    free: Condvar,
}

/// Where the connection is between two operations.
#[derive(Default)]
struct Place {
    taken: bool,
    kept: Option<Connection>,
}

/// What to do if the kept connection turns out to be useless: the command may have been executed or not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum WhenCut {
    /// The command changes nothing, so it is sent once more, on a new connection.
    SendAgain,
    /// It is not sent again: the caller learns that the outcome is unknown.
    GiveUp,
}

impl Link {
    /// Does not connect. Each operation takes at most `limit`.
    pub(super) fn new(way: Way, limit: Duration) -> Self {
        Self { way, limit, place: Mutex::default(), free: Condvar::new() }
    }

    /// Performs `step` on the kept connection, or on a new one.
    ///
    /// After any failure the connection is dropped. A connection that was given up in the middle of an answer
    /// would take the rest of it for the next answer. And if a server behind one address has become a
    /// replica, it refuses for as long as a client is connected to it.
    pub(super) fn perform<T>(
        &self,
        when_cut: WhenCut,
        mut step: impl FnMut(&mut Connection, Deadline) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let deadline = Deadline::within(self.limit);
        let turn = self.wait_for_turn(deadline)?;
        let kept = self.place().kept.take();
        let mut may_send_again = kept.is_some() && when_cut == WhenCut::SendAgain;
        let mut may_follow = true;
        let mut connection = kept.map_or_else(|| self.way.connect(deadline), Ok)?;
        loop {
            let failed = match step(&mut connection, deadline) {
                Ok(done) => {
                    self.place().kept = Some(connection);
                    drop(turn);
                    return Ok(done);
                }
                Err(failed) => failed,
            };
            // A node of a cluster that does not hold the key has not executed the command.
            connection = if let (true, Some((host, port))) = (may_follow, failed.moved()) {
                may_follow = false;
                self.way.connect_to(host, port, deadline)?
            } else if may_send_again && failed.is_of_connection() {
                may_send_again = false;
                self.way.connect(deadline)?
            } else {
                return Err(failed);
            };
        }
    }

    fn wait_for_turn(&self, deadline: Deadline) -> Result<Turn<'_>, Failure> {
        let mut place = self.place();
        while place.taken {
            let left = deadline.left().map_err(|error| Failure::asking(error, deadline))?;
            let waited = self.free.wait_timeout(place, left);
            place = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        place.taken = true;
        Ok(Turn(self))
    }

    fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to use the connection, until it is dropped.
struct Turn<'a>(&'a Link);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.place().taken = false;
        self.0.free.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::super::connection::Credentials;
    use super::super::way::Place as At;
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::thread;

    fn link(port: u16) -> Link {
        let way = Way {
            place: At::Host { host: "127.0.0.1".to_owned(), port },
            credentials: Credentials::default(),
            db: 0,
            #[cfg(feature = "tls")]
            tls: None,
        };
        Link::new(way, Duration::from_secs(20))
    }

    #[test]
    fn a_panic_while_it_was_held_is_no_panic_of_the_next() {
        // A port refuses connections if it is bound and no one listens on it.
        let nobody = std::net::UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        let link = link(nobody.local_addr().unwrap().port());
        let panicked = thread::scope(|scope| {
            let held = scope.spawn(|| {
                let _place = link.place.lock().unwrap();
                panic!("while it is held");
            });
            held.join().is_err()
        });
        assert!(panicked && link.place.is_poisoned());
        let refused = link.perform(WhenCut::GiveUp, |_, _| Ok(())).unwrap_err();
        assert!(matches!(refused, Failure::Connect(_)), "{refused}");
    }

    #[test]
    fn a_panic_in_a_step_gives_the_turn_back() {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let link = link(listener.local_addr().unwrap().port());
        let panics = AssertUnwindSafe(|| link.perform(WhenCut::GiveUp, |_, _| -> Result<(), _> { panic!() }));
        assert!(catch_unwind(panics).is_err());
        assert_eq!(link.perform(WhenCut::GiveUp, |_, _| Ok(7)).unwrap(), 7);
    }

    #[test]
    fn one_that_waits_for_its_turn_goes_on_when_it_is_given_back_or_its_time_is_over() {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (link, hasty) = (link(port), Link { limit: Duration::from_millis(20), ..link(port) });
        let late = hasty.perform(WhenCut::GiveUp, |_, _| {
            // Within a step nobody else has a turn.
            thread::scope(|scope| {
                let other = scope.spawn(|| hasty.perform(WhenCut::GiveUp, |_, _| Ok(())));
                Ok(other.join().unwrap())
            })
        });
        assert!(matches!(late.unwrap().unwrap_err(), Failure::Late { .. }));
        thread::scope(|scope| {
            let turns: Vec<_> =
                (0..8).map(|_| scope.spawn(|| link.perform(WhenCut::GiveUp, |_, _| Ok(())))).collect();
            assert!(turns.into_iter().all(|turn| turn.join().unwrap().is_ok()));
        });
    }
}
