//! [`Deadline`]: when an operation must have ended, whatever it is still waiting for.

use core::time::Duration;
use std::io;
use std::time::Instant;

/// One for each operation. All that the operation waits for gets what is left of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    at: Instant,
    limit: Duration,
}

impl Deadline {
    /// `limit` from now. It must be far from the end of the clock.
    pub(super) fn within(limit: Duration) -> Self {
        Self { at: Instant::now() + limit, limit }
    }

    /// What is left, never zero: a socket would take that for "without end".
    pub(super) fn left(self) -> io::Result<Duration> {
        let left = self.at.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }

    /// The deadline of the first of several attempts: each may take an equal share of what is left. The last
    /// may take all.
    pub(super) fn of_first_of(self, attempts: usize) -> Self {
        match u32::try_from(attempts) {
            Ok(0 | 1) => self,
            attempts => {
                let left = self.at.saturating_duration_since(Instant::now());
                Self::within(left / attempts.unwrap_or(u32::MAX))
            }
        }
    }

    /// How long it was at the beginning.
    pub(super) fn limit(self) -> Duration {
        self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(60 * 60);

    #[test]
    fn one_that_is_over_leaves_nothing_and_no_zero() {
        let over = Deadline::within(Duration::ZERO);
        assert_eq!(over.left().unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(over.of_first_of(3).left().unwrap_err().kind(), io::ErrorKind::TimedOut);
        let open = Deadline::within(HOUR).left().unwrap();
        assert!(!open.is_zero() && open <= HOUR);
    }

    #[test]
    fn attempts_share_what_is_left() {
        let deadline = Deadline::within(HOUR);
        for attempts in [0, 1] {
            assert_eq!(deadline.of_first_of(attempts).at, deadline.at);
        }
        for attempts in [2, 3, usize::MAX] {
            let share = deadline.of_first_of(attempts);
            assert!(share.at < deadline.at && share.limit() <= HOUR / 2, "{attempts}: {share:?}");
        }
    }
}
