//! What a transition that may start a run goes by.

use crate::time::{Lease, Threshold};

/// How far apart runs start, and for how long one that is in progress keeps others out.
///
/// Without a lease a run in progress keeps others out until it finishes, which it does: its guard is
/// dropped whatever happens to it. A process can die without dropping anything. Where a state outlives
/// the processes that move it, its policy has a lease, and a run in progress that is older may be
/// superseded by a new start.
///
/// ```
/// use atomic_throttle::state::{Finish, Policy, State, TryStart};
/// use atomic_throttle::{Lease, Threshold, Timestamp};
///
/// let policy = Policy::new(Threshold::from_nanos(10)).with_lease(Lease::from_nanos(30));
/// let (died, _) = State::NEW.try_start_under(Timestamp::from_nanos(5), policy);
///
/// let (next, outcome) = died.try_start_under(Timestamp::from_nanos(35), policy);
/// assert_eq!(outcome, TryStart::Run);
/// assert!(next.epoch() > died.epoch());
/// // Had it been late and not dead: its finish does not disturb the run after it.
/// assert_eq!(next.finish(died.epoch()), (next, Finish::Ignored));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Policy {
    /// The shortest time between the starts of two runs.
    pub threshold: Threshold,
    /// For how long a run in progress keeps others out; `None` is until it finishes.
    pub lease: Option<Lease>,
}

impl Policy {
    /// This threshold, and no lease.
    #[must_use]
    #[inline]
    pub const fn new(threshold: Threshold) -> Self {
        Self { threshold, lease: None }
    }

    /// The same threshold, with this lease.
    #[must_use]
    #[inline]
    pub const fn with_lease(self, lease: Lease) -> Self {
        Self { lease: Some(lease), ..self }
    }
}
