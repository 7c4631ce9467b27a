//! [`Clock`]: where a front end takes the time from. [`Monotonic`] is the real clock, [`Manual`] is for tests and
//! simulations.
//!
//! [`Monotonic`] stands still while the machine is suspended. `BootTime` (Linux and Android) does not.
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

#[cfg(feature = "tsc")]
pub use self::tsc::Tsc;
#[cfg(all(feature = "std", any(target_os = "android", target_os = "linux")))]
pub use self::{
    coarse::{Coarse, CoarseFirst},
    monotonic::BootTime,
};
#[cfg(feature = "std")]
pub use self::{monotonic::Monotonic, moved::Moved};

/// A source of [`Timestamp`]s.
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
/// # What a clock must do
///
/// * All readings count nanoseconds from one origin, whatever thread reads.
/// * It counts as evenly as the windows are meant to be: a threshold is a difference of two readings.
/// * A reading is not earlier than one that another thread took before and passed on. Where it is, a call may be
///   refused, or be deferred, although the window was already seen over.
///
/// Nothing worse happens. A clock that stands still, jumps or goes backwards breaks no promise of a decision (G8):
/// while it reads earlier than the latest start, the window counts as closed. What suffers is the time at which a
/// pending run starts.
///
/// # Waiting
///
/// A waiter reads the clock, sleeps for the time that is left until its deadline, and reads the clock again. *It
/// sleeps by the timer of the system, not by this clock.* That timer goes on while this clock stands still, and
/// on most systems it stands still while the machine is suspended. So:
///
/// * If the clock falls behind the timer, the waiter wakes too early, finds that, and sleeps again. Nothing starts
///   early (G1).
/// * If the clock runs ahead of the timer, by a jump or because it counts a suspension, the waiter sleeps on: the
///   pending run starts late, by at most the sleep that was left. [`longest_wait`](Self::longest_wait) bounds
///   that sleep.
/// * If you know of the jump, call `retime` of the front end ([`Throttled::retime`](crate::Throttled::retime)):
///   its waiters read the clock again at once. Each change of the threshold, each run that ends, and each cancel has
///   the same effect.
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

    /// The longest time that a waiter sleeps before it reads the clock again.
    ///
    /// `None`, the default, is for a clock that runs with the timer of the system: a waiter sleeps until its
    /// deadline. Return `Some` for a clock that may run ahead of that timer. A pending run then starts at most so
    /// much later than the clock allows, after a jump or a suspension, too. The price is a wake-up for each of
    /// these times, for each waiter, while it waits: zero would keep it busy. `BootTime` returns one second.
    #[inline]
    fn longest_wait(&self) -> Option<Duration> {
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

    fn longest_wait(&self) -> Option<Duration> {
        (**self).longest_wait()
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

    fn longest_wait(&self) -> Option<Duration> {
        (**self).longest_wait()
    }

    fn moved(&self) -> Option<&Moved> {
        (**self).moved()
    }
}

/// A clock that moves only when you move it: forwards, backwards, or not at all.
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
///
/// Threads that wait on a throttle with this clock notice every move. Share it by reference or in an
/// `Arc`.
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
