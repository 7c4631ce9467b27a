//! [`Clock`]: where a front end takes the time from. [`Monotonic`] is the real clock, [`Manual`] is for tests and
//! simulations.
//!
//! Two other real clocks cost less where most calls are refused. `CoarseFirst` first reads `Coarse`, which is
//! a few milliseconds behind; it never lets a run start early. `Tsc` (feature `tsc`) reads the processor's
//! counter, which may go back from one core to another.

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
/// A throttle asks for little: all readings count nanoseconds on one scale. A clock that stands still, jumps
/// or goes backwards breaks nothing (G8): while it reads earlier than the latest start, the window counts as
/// closed.
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
/// If `now` panics, the throttle stays usable. A caller that owned the deferral leaves the run owed.
pub trait Clock {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// The approximate time, at less cost than [`now`](Self::now): for a call that is refused.
    ///
    /// `None`, the default, means that there is nothing cheaper. With `Some`, a call that runs at once or not
    /// at all (such as [`Throttle::try_run`](crate::Throttle::try_run)) is refused if it would be refused at
    /// this time. Every other decision uses [`now`](Self::now). So whatever this returns, no run starts early
    /// (G1). An estimate ahead of `now` costs one more reading; an estimate behind it keeps a window closed
    /// for that much longer. See `CoarseFirst`.
    #[inline]
    fn estimate(&self) -> Option<Timestamp> {
        None
    }

    /// For a clock that is moved by hand: the object that wakes waiters after a move.
    ///
    /// `None`, the default, means that the clock runs with real time: a waiter sleeps for the time that is
    /// left until its deadline. `Some` means that it does not: waiters then wake on [`Moved::notify`] only.
    /// It must always return the same object. It must not panic: a run that finishes calls it to wake others.
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

/// A clock that moves only when you move it: forwards, backwards, or not at all.
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

    /// Sets the clock, forwards or backwards, and wakes all who wait on it.
    pub fn set(&self, now: Timestamp) {
        // ORDERING: Relaxed. A clock publishes only its own value. The notification, which fences, wakes a
        // waiter that looked before this store.
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
