//! Timestamps and thresholds: validated, saturating, never overflowing.
//!
//! Both count whole nanoseconds in a `u64`. A [`Timestamp`] is a reading of a throttle's clock. A
//! [`Threshold`] is the shortest time between the starts of two runs. Their ranges are limited so that every
//! sum that a throttle needs fits in 64 bits. So guarantee G8 (nothing overflows or panics, whatever the
//! clock returns) holds by construction.

use core::fmt;
use core::time::Duration;

/// The largest value of the 61-bit field of the word that holds a start.
pub(crate) const START_MAX: u64 = (1 << 61) - 1;

/// How many starts still get distinct epochs after a clock has reached [`Timestamp::MAX`] and stands still.
///
/// Every start moves the epoch by at least 1. With this reserve above the largest clock reading, two runs
/// share an epoch only after 2^56 starts at the very end of the range: 22 years at one start each 10 ns.
const RESERVE: u64 = 1 << 56;

/// A reading of a throttle's clock, in nanoseconds since an origin that the clock chooses.
///
/// ```
/// use atomic_throttle::Timestamp;
/// use std::time::Duration;
///
/// let start = Timestamp::from_nanos(5);
/// let later = start.saturating_add(Duration::from_nanos(10));
/// assert_eq!(later.as_nanos(), 15);
/// assert_eq!(later.saturating_since(start), Duration::from_nanos(10));
/// assert_eq!(start.saturating_since(later), Duration::ZERO);
/// ```
///
/// The range is 0 to [`Timestamp::MAX`] (2^61 - 2^56 ns, about 70.8 years); larger readings saturate.
/// Timestamps of different clocks must not be compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The origin of the clock.
    pub const ZERO: Self = Self(0);

    /// The latest reading that a clock can have.
    pub const MAX: Self = Self(START_MAX + 1 - RESERVE);

    /// A deadline that no clock reading reaches: the end of a window that would end after [`Timestamp::MAX`].
    /// It is greater than every reading.
    pub const NEVER: Self = Self(u64::MAX);

    /// The timestamp `nanos` nanoseconds after the origin, at most [`Timestamp::MAX`].
    #[must_use]
    #[inline]
    pub const fn from_nanos(nanos: u64) -> Self {
        if nanos > Self::MAX.0 { Self::MAX } else { Self(nanos) }
    }

    /// Nanoseconds since the origin. For [`Timestamp::NEVER`] this is `u64::MAX`.
    #[must_use]
    #[inline]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The timestamp `duration` later, at most [`Timestamp::MAX`]. `NEVER` stays `NEVER`.
    #[must_use]
    pub const fn saturating_add(self, duration: Duration) -> Self {
        if self.0 == Self::NEVER.0 {
            return self;
        }
        Self::from_nanos(self.0.saturating_add(saturating_nanos(duration)))
    }

    /// The timestamp `duration` earlier, at least [`Timestamp::ZERO`]. `NEVER` stays `NEVER`.
    #[must_use]
    pub const fn saturating_sub(self, duration: Duration) -> Self {
        if self.0 == Self::NEVER.0 {
            return self;
        }
        Self(self.0.saturating_sub(saturating_nanos(duration)))
    }

    /// The time from `earlier` to `self`, or zero if `earlier` is later.
    #[must_use]
    #[inline]
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// The timestamp as a clock reading. `NEVER` is a deadline, so it counts as the last reading.
    #[inline]
    pub(crate) const fn as_reading(self) -> u64 {
        if self.0 > Self::MAX.0 { Self::MAX.0 } else { self.0 }
    }

    /// The clock reading that this timestamp [counts as](Self::as_reading).
    #[inline]
    pub(crate) const fn clamped(self) -> Self {
        Self(self.as_reading())
    }

    /// The end of a window that `start` opened: `NEVER` where no clock reading can reach it.
    #[inline]
    pub(crate) const fn window_end(start: u64, threshold: Threshold) -> Self {
        Self::end(start, threshold.0)
    }

    /// `length` after `start`, `NEVER` where no clock reading can reach it. Both are below 2^61.
    #[inline]
    pub(crate) const fn end(start: u64, length: u64) -> Self {
        // Cannot overflow: both terms are below 2^61.
        let end = start + length;
        if end > Self::MAX.0 { Self::NEVER } else { Self(end) }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::NEVER {
            return f.write_str("never");
        }
        Duration::from_nanos(self.0).fmt(f)
    }
}

/// The shortest time between the starts of two runs, in nanoseconds.
///
/// The range is 0 to [`Threshold::MAX`] (about 70.8 years). A threshold of 0 asks for no spacing: runs still
/// never overlap and calls still coalesce, but no window is ever closed.
///
/// A front end takes a threshold as `impl Into<Threshold>`: a `Threshold`, or a [`Duration`], which is
/// clamped to [`Threshold::MAX`]. A `const` constructor cannot be generic: `Throttle::new`,
/// `Throttle::with_clock` and the same of `Counted` and `Site` take a `Duration`, clamped.
/// [`try_new`](Self::try_new) is the one place that refuses a longer one. Use it for one from outside:
///
/// ```
/// use atomic_throttle::{Threshold, ThresholdTooLong, Throttle};
/// use std::time::Duration;
///
/// static RELOAD: Throttle = Throttle::new(Duration::from_secs(2));
///
/// fn configure(from_outside: Duration) -> Result<(), ThresholdTooLong> {
///     RELOAD.set_threshold(Threshold::try_new(from_outside)?);
///     Ok(())
/// }
///
/// assert!(configure(Duration::MAX).is_err());
/// assert_eq!(RELOAD.threshold().as_duration(), Duration::from_secs(2)); // Nothing was changed.
/// RELOAD.set_threshold(Duration::MAX); // Clamped.
/// assert_eq!(RELOAD.threshold(), Threshold::MAX);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Threshold(u64);

impl Threshold {
    /// No spacing.
    pub const ZERO: Self = Self(0);

    /// The longest threshold: as long as the clock's whole range, so at most one run ever.
    pub const MAX: Self = Self(Timestamp::MAX.0);

    /// The threshold nearest to `duration`: one above [`Threshold::MAX`] becomes `MAX`.
    #[must_use]
    pub const fn new(duration: Duration) -> Self {
        Self::from_nanos(saturating_nanos(duration))
    }

    /// The threshold of exactly `duration`, for one that comes from outside.
    ///
    /// # Errors
    ///
    /// [`ThresholdTooLong`] if `duration` is longer than [`Threshold::MAX`].
    pub const fn try_new(duration: Duration) -> Result<Self, ThresholdTooLong> {
        // What does not fit in 64 bits saturates far above the range.
        let nanos = saturating_nanos(duration);
        if nanos > Self::MAX.0 { Err(ThresholdTooLong { requested: duration }) } else { Ok(Self(nanos)) }
    }

    /// The threshold of `nanos` nanoseconds, at most [`Threshold::MAX`].
    #[must_use]
    #[inline]
    pub const fn from_nanos(nanos: u64) -> Self {
        if nanos > Self::MAX.0 { Self::MAX } else { Self(nanos) }
    }

    /// The threshold in nanoseconds.
    #[must_use]
    #[inline]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The threshold as a [`Duration`].
    #[must_use]
    pub const fn as_duration(self) -> Duration {
        Duration::from_nanos(self.0)
    }
}

impl From<Duration> for Threshold {
    /// As [`Threshold::new`]: a `duration` above [`Threshold::MAX`] is clamped to it. So
    /// `Threshold::try_from` never fails; [`Threshold::try_new`] does.
    fn from(duration: Duration) -> Self {
        Self::new(duration)
    }
}

impl fmt::Debug for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_duration().fmt(f)
    }
}

/// The error for a threshold above [`Threshold::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThresholdTooLong {
    /// What was asked for.
    pub requested: Duration,
}

impl fmt::Display for ThresholdTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a threshold of {} s is out of range: use at most {} s, or `Threshold::MAX` for `never again`",
            self.requested.as_secs(),
            Threshold::MAX.as_duration().as_secs(),
        )
    }
}

impl core::error::Error for ThresholdTooLong {}

/// `duration` in nanoseconds, at most `u64::MAX`.
pub(crate) const fn saturating_nanos(duration: Duration) -> u64 {
    const NANOS_PER_SECOND: u64 = 1_000_000_000;
    duration.as_secs().saturating_mul(NANOS_PER_SECOND).saturating_add(duration.subsec_nanos() as u64)
}
