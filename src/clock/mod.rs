//! [`Clock`]: where a front end takes the time from. [`Monotonic`] is real, [`Manual`] is for tests and
//! simulations.
//!
//! Others are real as well, and cost less where most calls are refused: `CoarseFirst` looks first at `Coarse`,
//! which is a few milliseconds behind, and never lets a run start early; `Tsc` (feature `tsc`) reads the
//! processor's counter, which may go back from one core to another.

use crate::sync::{AtomicU64, Ordering, const_unless_loom};
use crate::time::Timestamp;
use core::fmt;
use core::time::Duration;

#[cfg(all(feature = "std", any(target_os = "android", target_os = "linux")))]
mod coarse;
#[cfg(feature = "std")]
mod monotonic;
#[cfg(feature = "std")]
mod moved;
#[cfg(feature = "tsc")]
mod tsc;

#[cfg(all(feature = "std", any(target_os = "android", target_os = "linux")))]
pub use self::coarse::{Coarse, CoarseFirst};
#[cfg(feature = "tsc")]
pub use self::tsc::Tsc;
#[cfg(feature = "std")]
pub use self::{monotonic::Monotonic, moved::Moved};

/// A source of [`Timestamp`]s.
///
/// A throttle asks only that a reading be one nanosecond count on one scale. A clock that stands still,
/// jumps or goes backwards breaks nothing (G8): while it reads earlier than the latest start, the window
/// counts as closed.
///
/// A clock of your own is one method:
///
/// ```
/// use atomic_throttle::{Clock, Throttle, Timestamp};
/// use std::time::{Duration, Instant};
///
/// struct SinceStart(Instant);
///
/// impl Clock for SinceStart {
///     fn now(&self) -> Timestamp {
///         Timestamp::ZERO.saturating_add(self.0.elapsed())
///     }
/// }
///
/// let throttle = Throttle::with_clock(Duration::from_secs(1), SinceStart(Instant::now()));
/// assert!(throttle.try_run(|| ()).is_ok());
/// ```
///
/// # Panics
///
/// A throttle whose `now` panics is left usable: a caller that was the owner leaves the run owed.
pub trait Clock {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// About the time now, at less cost than [`now`](Self::now): for a call that is refused.
    ///
    /// `None`, the default, says that there is nothing cheaper. At `Some`, a call that runs at once or not at
    /// all ([`Throttle::try_run`](crate::Throttle::try_run) and its like) is refused if it would be refused at
    /// this time. Every other decision goes by [`now`](Self::now). So whatever this returns, no run starts
    /// early (G1): an estimate ahead of `now` costs one reading more, one behind it keeps a window closed for
    /// as much longer. See `CoarseFirst`.
    #[inline]
    fn estimate(&self) -> Option<Timestamp> {
        None
    }

    /// For a clock that is moved by hand: what tells those who wait that it was moved.
    ///
    /// `None`, the default, says that the clock runs with real time, so that whoever waits until a
    /// deadline may sleep for the time that is left. `Some` says that it does not: waiters then wake on
    /// [`Moved::notify`] only. It must always return the same object, and must not panic: it is called
    /// while others are told of the end of a run.
    #[cfg(feature = "std")]
    fn moved(&self) -> Option<&Moved> {
        None
    }
}

impl<C: Clock + ?Sized> Clock for &C {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    fn estimate(&self) -> Option<Timestamp> {
        (**self).estimate()
    }

    #[cfg(feature = "std")]
    fn moved(&self) -> Option<&Moved> {
        (**self).moved()
    }
}

#[cfg(feature = "std")]
impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    fn estimate(&self) -> Option<Timestamp> {
        (**self).estimate()
    }

    fn moved(&self) -> Option<&Moved> {
        (**self).moved()
    }
}

/// A clock that moves only when it is told to: forwards, backwards, or not at all.
///
/// Threads that wait on a throttle with this clock notice every move. Share it by reference or in an
/// `Arc`.
///
/// ```
/// use atomic_throttle::{Manual, Throttle, Timestamp};
/// use std::time::Duration;
///
/// let clock = Manual::new(Timestamp::from_nanos(1));
/// let throttle = Throttle::with_clock(Duration::from_secs(1), &clock);
/// assert!(throttle.try_run(|| ()).is_ok());
/// assert!(throttle.try_run(|| ()).is_err());
/// clock.advance(Duration::from_secs(1));
/// assert!(throttle.try_run(|| ()).is_ok());
/// ```
pub struct Manual {
    now: AtomicU64,
    #[cfg(feature = "std")]
    moved: Moved,
}

impl Manual {
    const_unless_loom! {
        /// A clock that reads `now`.
        #[must_use]
        pub const fn new(now: Timestamp) -> Self {
            Self {
                now: AtomicU64::new(now.as_nanos()),
                #[cfg(feature = "std")]
                moved: Moved::new(),
            }
        }
    }

    /// Sets the clock, forwards or backwards, and wakes those who wait on it.
    pub fn set(&self, now: Timestamp) {
        // ORDERING: Relaxed. A clock publishes nothing but its own value. A waiter that looked before
        // this store is woken by the notification, which fences.
        self.now.store(now.as_nanos(), Ordering::Relaxed);
        #[cfg(feature = "std")]
        self.moved.notify();
    }

    /// Moves the clock forwards and returns the new time, at most [`Timestamp::MAX`].
    pub fn advance(&self, by: Duration) -> Timestamp {
        self.shift(|now| now.saturating_add(by))
    }

    /// Moves the clock backwards and returns the new time, at least [`Timestamp::ZERO`].
    pub fn go_back(&self, by: Duration) -> Timestamp {
        self.shift(|now| now.saturating_sub(by))
    }

    fn shift(&self, to: impl Fn(Timestamp) -> Timestamp) -> Timestamp {
        let to = |nanos| to(Timestamp::from_nanos(nanos)).as_nanos();
        // ORDERING: Relaxed; see `set`.
        let before = self.now.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| Some(to(now)));
        #[cfg(feature = "std")]
        self.moved.notify();
        Timestamp::from_nanos(before.map_or_else(to, to))
    }
}

impl Clock for Manual {
    fn now(&self) -> Timestamp {
        // ORDERING: Relaxed; see `set`.
        Timestamp::from_nanos(self.now.load(Ordering::Relaxed))
    }

    #[cfg(feature = "std")]
    fn moved(&self) -> Option<&Moved> {
        Some(&self.moved)
    }
}

impl fmt::Debug for Manual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Manual").field(&self.now()).finish()
    }
}
