//! What a transition *under a policy* goes by. Public as [`lease`](crate::lease).

use super::Epoch;
use crate::time::{START_MAX, Threshold, Timestamp, saturating_nanos};
use core::fmt;
use core::num::NonZeroU64;
use core::time::Duration;

/// How far apart runs start, and how long a run in progress keeps others out.
///
/// ```
/// use atomic_throttle::Threshold;
/// use atomic_throttle::lease::{Lease, Policy};
/// use std::time::Duration;
///
/// let lease = Lease::new(Duration::from_secs(30));
/// let policy = Policy::new(Threshold::new(Duration::from_secs(2))).with_lease(lease);
/// assert_eq!(policy.lease, Some(lease));
/// ```
///
/// Without a lease it does so until it finishes. With one, a run whose lease is over may be superseded by a
/// new start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Policy {
    /// The shortest time between the starts of two runs.
    pub threshold: Threshold,
    /// How long a run in progress keeps others out. `None`: until it finishes.
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

/// How long a run in progress keeps others out, in nanoseconds.
///
/// Choose it longer than the longest run. The range is 1 ns to [`Lease::MAX`] (about 70.8 years).
/// [`Lease::new`] clamps a duration to it, [`Lease::try_from`] refuses one outside it:
///
/// ```
/// use atomic_throttle::lease::Lease;
/// use std::time::Duration;
///
/// const HALF_A_MINUTE: Lease = Lease::new(Duration::from_secs(30));
/// assert_eq!(HALF_A_MINUTE.as_duration(), Duration::from_secs(30));
///
/// assert_eq!(Lease::new(Duration::ZERO), Lease::MIN);
/// assert!(Lease::try_from(Duration::ZERO).is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lease(NonZeroU64);

impl Lease {
    /// The shortest lease: 1 ns.
    pub const MIN: Self = Self(NonZeroU64::MIN);

    /// The longest lease: as long as the clock's whole range, so it is never over.
    pub const MAX: Self = Self::from_nanos(Timestamp::MAX.as_nanos());

    /// The lease nearest to `duration`: 0 becomes [`Lease::MIN`], a longer one than [`Lease::MAX`]
    /// becomes `MAX`.
    #[must_use]
    pub const fn new(duration: Duration) -> Self {
        Self::from_nanos(saturating_nanos(duration))
    }

    /// The lease of `nanos` nanoseconds, at least [`Lease::MIN`] and at most [`Lease::MAX`].
    #[must_use]
    #[inline]
    pub const fn from_nanos(nanos: u64) -> Self {
        match NonZeroU64::new(Timestamp::from_nanos(nanos).as_nanos()) {
            Some(nanos) => Self(nanos),
            None => Self::MIN,
        }
    }

    /// The lease in nanoseconds.
    #[must_use]
    #[inline]
    pub const fn as_nanos(self) -> u64 {
        self.0.get()
    }

    /// The lease as a [`Duration`].
    #[must_use]
    pub const fn as_duration(self) -> Duration {
        Duration::from_nanos(self.as_nanos())
    }
}

impl TryFrom<Duration> for Lease {
    type Error = LeaseOutOfRange;

    /// # Errors
    ///
    /// [`LeaseOutOfRange`] if `duration` is 0 or longer than [`Lease::MAX`].
    fn try_from(duration: Duration) -> Result<Self, LeaseOutOfRange> {
        let lease = Self::new(duration);
        if lease.as_duration() == duration { Ok(lease) } else { Err(LeaseOutOfRange { requested: duration }) }
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_duration().fmt(f)
    }
}

/// The refusal of a lease that is 0 or longer than [`Lease::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeaseOutOfRange {
    /// What was asked for.
    pub requested: Duration,
}

impl fmt::Display for LeaseOutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a lease of {:?} is out of range: use one that is longer than any run, \
             from 1 ns to {} s, or `Lease::MAX` for `never over`",
            self.requested,
            Lease::MAX.as_duration().as_secs(),
        )
    }
}

impl core::error::Error for LeaseOutOfRange {}

/// The epoch of this number, the inverse of [`Epoch::as_u64`]: to read an epoch that was kept outside of the
/// process. The range is 61 bits; a larger number becomes the greatest epoch.
#[must_use]
pub const fn epoch(number: u64) -> Epoch {
    Epoch(if number > START_MAX { START_MAX } else { number })
}
