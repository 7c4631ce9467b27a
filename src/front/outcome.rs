//! [`Outcome`]: what became of a call that brings its function. [`NotFlushed`]: why a flush ran nothing.

use core::fmt;

#[cfg_attr(feature = "async", doc = include_str!("../design/tasks.md"))]
#[cfg_attr(not(feature = "async"), doc = include_str!("../design/elsewhere.md"))]
/// What became of a call of [`Throttle::run`](crate::Throttle::run), [`Throttle::run_within`](crate::Throttle::run_within) or
/// [`AsyncThrottle::run`].
///
/// ```
/// use atomic_throttle::{Outcome, Throttle};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// static RELOAD: Throttle = Throttle::new(Duration::from_millis(20));
///
/// match RELOAD.run(|| "reloaded") {
///     Outcome::RanAtOnce(value) | Outcome::RanDeferred(value) => assert_eq!(value, "reloaded"),
///     Outcome::Coalesced(covered_by_a_later_run) => covered_by_a_later_run.wait()?,
///     Outcome::Cancelled | Outcome::Owed => {}
/// }
/// # Ok(())
/// # }
/// ```
///
/// `H` is the handle of a coalesced call: [`Coalesced`](crate::Coalesced) for a `Throttle`, [`Ticket`](crate::Ticket) for an
/// [`AsyncThrottle`].
#[derive(Debug)]
#[must_use = "`Cancelled` and `Owed` say that no run is coming"]
pub enum Outcome<T, H> {
    /// The function ran at once (leading edge) and returned this.
    RanAtOnce(T),
    /// The function ran when the window was over (trailing edge) and returned this.
    RanDeferred(T),
    /// The function did not run: a run that starts after the call covers it, unless it is cancelled or left owed. The handle
    /// waits for it. What the call brought is given to that run.
    Coalesced(H),
    /// The function did not run: the call owned the deferral, and somebody cancelled it.
    Cancelled,
    /// The function did not run to its end, and the throttle owes a run to the next call. The call could not wait for it,
    /// being inside a run or at its limit; or the runtime dropped the task of an `AsyncThrottle`.
    Owed,
}

impl<T, H> Outcome<T, H> {
    /// The value that the function returned, if it ran.
    pub fn into_value(self) -> Option<T> {
        match self {
            Self::RanAtOnce(value) | Self::RanDeferred(value) => Some(value),
            Self::Coalesced(_) | Self::Cancelled | Self::Owed => None,
        }
    }

    /// Whether the function ran.
    pub fn ran(&self) -> bool {
        matches!(self, Self::RanAtOnce(_) | Self::RanDeferred(_))
    }
}

/// Why a flush ran nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotFlushed {
    /// A run is in progress. What is pending starts when it has finished and the window is over.
    Running,
    /// No run is pending or owed.
    NothingPending,
    /// The background thread that would perform it has ended, or is about to, or is in the parent of this forked
    /// child.
    Ended,
    /// There is no runtime here to run on (`AsyncThrottle` alone). Nothing was recorded.
    NoRuntime,
}

impl fmt::Display for NotFlushed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Running => "a run is in progress: flush when it has finished",
            Self::Ended => "the throttle has ended: start another one",
            Self::NothingPending => "no run is pending or owed: nothing to flush",
            Self::NoRuntime => "there is no runtime here: flush from inside of one",
        })
    }
}

impl core::error::Error for NotFlushed {}
