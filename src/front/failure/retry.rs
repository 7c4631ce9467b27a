//! [`Retry`]: when a run that failed is tried again.

use super::Failure;
use core::fmt;
use core::time::Duration;
use std::boxed::Box;

/// When a run that failed is tried again, and when it is given up.
///
/// ```
/// use atomic_throttle::{Retry, Throttled};
/// use std::io;
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut failures = 2;
/// let save = Throttled::builder(Duration::from_millis(1))
///     .retry(Retry::exponential(Duration::from_millis(1), Duration::from_secs(30)))
///     .spawn(move || -> io::Result<()> {
///         if failures > 0 {
///             failures -= 1;
///             return Err(io::Error::other("the disk is full"));
///         }
///         Ok(())
///     })?;
/// save.trigger()?.wait()?; // Until the third run, which succeeds.
/// assert_eq!(save.runs(), 3);
/// # Ok(())
/// # }
/// ```
///
/// Its calls stay uncovered meanwhile, and what they brought goes back to where calls leave it: a newer value replaces it,
/// is merged with it, or is queued behind it. The next run starts when the back-off *and* the window are over.
///
/// * A new call does not end a back-off. A [flush](crate::Throttled::flush) does, and so does a
///   [cancel](crate::Throttled::cancel), which also starts a new row of failures.
/// * A panic counts as a failure.
/// * A run that has taken all out of its [`Batch`](crate::Batch) has nothing to try again with: its failure is final.
/// * An end in a back-off does not wait for it: when the window is over, one last run is tried. If that fails, what it was
///   given stays for `take`.
pub struct Retry {
    policy: Box<Policy>,
    at_most: u32,
}

type Policy = dyn FnMut(u32, &Failure) -> Option<Duration> + Send;

impl Retry {
    /// Waits for `first` after the first failure, twice as long after each further one, and never longer than `longest`. It
    /// does not give up: see [`at_most`](Self::at_most).
    ///
    /// Each wait is shortened by chance, to not less than its half, so that those who failed together do not come back
    /// together. Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015 (equal jitter).
    #[must_use]
    pub fn exponential(first: Duration, longest: Duration) -> Self {
        Self::by(move |attempt, _| {
            let doubled = first.saturating_mul(1_u32.checked_shl(attempt - 1).unwrap_or(u32::MAX));
            let full = doubled.min(longest);
            // Between 0 and 1, so it is never longer than the half.
            Some(full.saturating_sub((full / 2).mul_f64(fastrand::f64())))
        })
    }

    /// Asks `policy` after each failure how long to wait, with the number of failures in a row, from 1. `None` gives up.
    ///
    /// It is called on the thread, or in the task, that runs the function. If it panics, it has given up.
    #[must_use]
    pub fn by(policy: impl FnMut(u32, &Failure) -> Option<Duration> + Send + 'static) -> Self {
        Self { policy: Box::new(policy), at_most: u32::MAX }
    }

    /// Tries at most `retries` times again, then gives up: the failure is final, and what the run was given is gone.
    #[must_use]
    pub fn at_most(mut self, retries: u32) -> Self {
        self.at_most = retries;
        self
    }

    /// How long to wait before the next try; `None` to give up.
    pub(crate) fn after(&mut self, failure: &Failure) -> Option<Duration> {
        let attempt = failure.attempt();
        if attempt > self.at_most { None } else { (self.policy)(attempt, failure) }
    }
}

impl fmt::Debug for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry").field("at_most", &self.at_most).finish_non_exhaustive()
    }
}
