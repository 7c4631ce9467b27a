//! [`Counted`]: the blocking front end, with the number of calls for each run.
//!
//! A call is counted before it asks, and a run takes the count after it has started. So by G3 each call is
//! taken by the run that covers it, or by an earlier one. The trailing edge reports the last calls.

mod calls;

use crate::clock::{Clock, Monotonic};
use crate::front::throttle::{NotFlushed, Outcome, Throttle};
use crate::state::Refused;
use crate::sync::const_unless_loom;
use core::fmt;
use core::time::Duration;

pub use self::calls::Calls;

/// A [`Throttle`] that tells each run how many calls it stands for.
///
/// ```
/// use atomic_throttle::Counted;
/// use std::time::Duration;
///
/// static FAILED: Counted = Counted::new(Duration::from_millis(10));
///
/// for _ in 0..3 {
///     let _ = FAILED.run(|calls| println!("failed, {calls} times"));
/// }
/// // Nobody has to call once more for the last one to be reported.
/// assert_eq!(FAILED.outstanding(), 0);
/// ```
///
/// As with [`Throttle::run`], the owner of the pending run waits for up to a whole window in its own thread;
/// with a [`Throttled` that counts](crate::Builder::counting) no caller waits.
///
/// *The function of a coalesced or refused call is dropped, so it must not carry the data.* Only the number
/// of calls is carried on. Write all other data where the function reads it, before the call:
///
/// ```
/// use atomic_throttle::Counted;
/// use std::sync::Mutex;
/// use std::time::Duration;
///
/// static FAILED: Counted = Counted::new(Duration::from_millis(10));
/// static LATEST: Mutex<String> = Mutex::new(String::new());
///
/// for path in ["a.txt", "b.txt"] {
///     path.clone_into(&mut LATEST.lock().unwrap()); // First the data, then the call.
///     let _ = FAILED.run(|calls| println!("{calls} failed, {} last", LATEST.lock().unwrap()));
/// }
/// ```
///
/// In signal handlers and forked children it is as a
/// [`Throttle`](Throttle#signal-handlers-and-forked-children).
///
/// Every call is counted, whatever becomes of it: one that is refused, cancelled or left owed stays counted
/// until the next run, or until somebody [takes](Self::take) it. [`flush`](Self::flush) and
/// [`cancel`](Throttle::cancel) are no calls.
///
/// # Guarantees
///
/// Those of [`Throttle`] by numbers, and those of [`Calls`]: the total is exact, and a call that was answered
/// with *deferred* or *coalesced* is in the count of the run that covers it or of an earlier one. So a run may
/// receive a smaller number than it covers, even 0. No call is counted twice or forgotten. A run that panics
/// has received its number, and no later run receives those calls again (G6).
///
/// # Cost
///
/// That of [`Throttle`], and an increment of a shared number for each call, an exchange for each run.
/// 40 bytes.
pub struct Counted<C = Monotonic> {
    throttle: Throttle<C>,
    calls: Calls,
}

impl Counted {
    const_unless_loom! {
        /// A throttle on the [`Monotonic`] clock, as [`Throttle::new`].
        #[must_use]
        pub const fn new(threshold: Duration) -> Self {
            Self::with_clock(threshold, Monotonic)
        }
    }
}

impl<C> Counted<C> {
    const_unless_loom! {
        /// A throttle on any clock, as [`Throttle::with_clock`].
        #[must_use]
        pub const fn with_clock(threshold: Duration, clock: C) -> Self {
            Self { throttle: Throttle::with_clock(threshold, clock), calls: Calls::new() }
        }
    }
}

impl<C: Clock> Counted<C> {
    /// As [`Throttle::run`]; `f` receives the number of calls since the run before, including this one unless
    /// that run received it.
    ///
    /// # Panics
    ///
    /// If `f` or the clock panics, as [`Throttle::run`].
    #[inline]
    pub fn run<T>(&self, f: impl FnOnce(u64) -> T) -> Outcome<'_, T, C> {
        self.calls.count();
        self.throttle.run(|| f(self.calls.take()))
    }

    /// As [`Throttle::run_within`]. A call that is refused stays counted.
    ///
    /// # Errors
    ///
    /// [`Refused::Closed`], as [`Throttle::run_within`].
    ///
    /// # Panics
    ///
    /// If `f` or the clock panics, as [`Throttle::run`].
    pub fn run_within<T>(
        &self,
        max_wait: Duration,
        f: impl FnOnce(u64) -> T,
    ) -> Result<Outcome<'_, T, C>, Refused> {
        self.calls.count();
        self.throttle.run_within(max_wait, || f(self.calls.take()))
    }

    /// As [`Throttle::try_run`]. A call that is refused stays counted. If no call comes after it, only
    /// [`take`](Self::take) returns it.
    ///
    /// # Errors
    ///
    /// [`Refused`], as [`Throttle::try_run`].
    ///
    /// # Panics
    ///
    /// If `f` or the clock panics, as [`Throttle::run`].
    #[inline]
    pub fn try_run<T>(&self, f: impl FnOnce(u64) -> T) -> Result<T, Refused> {
        self.calls.count();
        self.throttle.try_run(|| f(self.calls.take()))
    }

    /// As [`Throttle::flush`], with the number of calls so far. It is no call itself.
    ///
    /// # Errors
    ///
    /// [`NotFlushed`], as [`Throttle::flush`].
    ///
    /// # Panics
    ///
    /// If `f` or the clock panics, as [`Throttle::run`].
    pub fn flush<T>(&self, f: impl FnOnce(u64) -> T) -> Result<T, NotFlushed> {
        self.throttle.flush(|| f(self.calls.take()))
    }
}

impl<C> Counted<C> {
    /// Takes the calls that no run has received, and returns their number: for the end of a program, where the
    /// last calls were refused, cancelled or left owed.
    #[must_use = "these calls are not counted any more"]
    pub fn take(&self) -> u64 {
        self.calls.take()
    }

    /// The throttle, to look at, to [cancel](Throttle::cancel) or to change the threshold of. Calls that are
    /// made on it directly are not counted, and their runs take nothing.
    pub fn throttle(&self) -> &Throttle<C> {
        &self.throttle
    }

    /// How many calls no run has received yet, at this moment.
    #[must_use]
    pub fn outstanding(&self) -> u64 {
        self.calls.outstanding()
    }
}

impl<C> fmt::Debug for Counted<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counted")
            .field("throttle", &self.throttle)
            .field("outstanding", &self.calls.outstanding())
            .finish()
    }
}
