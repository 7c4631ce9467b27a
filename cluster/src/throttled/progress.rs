//! [`Progress`]: what the thread remembers from one step to the next.

use super::retry::Retry;
use super::trouble::Troubles;
use crate::course::Taken;
use atomic_throttle::{Epoch, Timestamp};
use core::time::Duration;

/// What the thread remembers from one step to the next.
pub(super) struct Progress {
    /// Calls that were taken, and after which the register has not answered yet.
    pub(super) taken: Option<Taken>,
    /// Whether a start was sent or won, and what became of it must be looked at.
    pub(super) is_in_doubt: bool,
    /// When to look if nothing is owed.
    pub(super) idle_until: Timestamp,
    /// Whether the register has not answered yet.
    pub(super) is_first_look: bool,
    /// The latest run of the first reading.
    pub(super) first_epoch: Option<Epoch>,
    /// Before this time of the own clock the function is not called again.
    pub(super) apart_until: Timestamp,
    /// Whether the latest cell is far ahead of the register's clock.
    pub(super) is_far_ahead: bool,
    /// Present while the register does not answer.
    pub(super) retry: Option<Retry>,
    pub(super) troubles: Troubles,
}

impl Progress {
    pub(super) fn new(idle_look: Option<Duration>) -> Self {
        Self {
            taken: None,
            is_in_doubt: false,
            // The first look is at once: an earlier process may have died with calls.
            idle_until: if idle_look.is_some() { Timestamp::ZERO } else { Timestamp::NEVER },
            is_first_look: true,
            first_epoch: None,
            apart_until: Timestamp::ZERO,
            is_far_ahead: false,
            retry: None,
            troubles: Troubles::default(),
        }
    }
}

#[cfg(all(test, not(atomic_throttle_shuttle)))]
mod tests {
    use super::*;

    #[test]
    fn the_first_look_is_at_once_or_at_the_first_call() {
        let idle_until = |idle_look| Progress::new(idle_look).idle_until;
        assert_eq!(idle_until(Some(Duration::from_secs(30))), Timestamp::ZERO);
        assert_eq!(idle_until(None), Timestamp::NEVER);
    }
}
