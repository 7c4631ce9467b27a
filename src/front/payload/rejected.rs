//! [`Rejected`]: a value whose call was not taken.

use super::sealed::NotPut;
use crate::front::owner::Ended;
use crate::state::Refused;
use crate::time::Timestamp;
use core::fmt;

/// A value whose call was not taken, handed back.
///
/// ```
/// use atomic_throttle::{Ended, Pending, Reason, Throttled};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let post = Throttled::builder(Duration::from_millis(1))
///     .latest()
///     .spawn(|status: &String| println!("posted {status}"))?;
/// post.shutdown(Pending::Finish).wait()?;
/// let rejected = post.trigger("too late".to_owned()).unwrap_err();
/// assert_eq!(rejected.value, "too late");
/// assert_eq!(rejected.reason, Reason::Ended(Ended::ShutDown));
/// # Ok(())
/// # }
/// ```
///
/// It is an error of whatever `T` is: `?` needs no `T: Debug`. For `Box<dyn Error + Send + Sync>` the value must be
/// `Send + Sync`; otherwise take the [`reason`](Self::reason) alone: `.map_err(|rejected| rejected.reason)?`.
pub struct Rejected<T> {
    /// The value that the call brought.
    pub value: T,
    /// Why it was not taken.
    pub reason: Reason,
}

/// Why the value of a call was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The throttle has ended.
    Ended(Ended),
    /// The capacity ([`ThrottledBuilder`](crate::ThrottledBuilder::capacity), [`Throttle`](crate::Throttle::capacity),
    /// `AsyncThrottle`) is reached: call again after the next run, or drop the value.
    Full,
    /// The key is not known, and there is no room for another one
    /// ([`KeyedThrottledBuilder::max_keys`](crate::KeyedThrottledBuilder::max_keys) alone).
    #[cfg(feature = "keyed")]
    TooManyKeys {
        /// How many keys there may be.
        max_keys: usize,
    },
    /// The call was made by the function that merges, on its own throttle.
    InsideMerge,
    /// The call was to run at once, or within a limit, and cannot ([`Throttle`](crate::Throttle) alone).
    Refused(Refused),
    /// This process is a forked child, and at the fork a thread of the parent was about to leave a value
    /// ([`Throttle`](crate::Throttle) and `AsyncThrottle`). What calls bring cannot be had here any more.
    Forked,
    /// There is no runtime here to run on (`AsyncThrottle` alone). Nothing was recorded.
    NoRuntime,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended(ended) => ended.fmt(f),
            Self::Full => f.write_str("the capacity is reached: call again after the next run"),
            #[cfg(feature = "keyed")]
            Self::TooManyKeys { max_keys } => write!(
                f,
                "{max_keys} keys are in their windows or pending, and no more are allowed: retry when a window \
                 is over, or build with more `max_keys`"
            ),
            Self::InsideMerge => f.write_str("the function that merges cannot call its own throttle"),
            Self::Refused(refused) => refused.fmt(f),
            Self::Forked => f.write_str(
                "a thread of the parent of this forked child holds what calls bring: use another throttle here",
            ),
            Self::NoRuntime => f.write_str(
                "there is no runtime here: call from inside of one, or name it when you build the throttle",
            ),
        }
    }
}

impl core::error::Error for Reason {}

impl<T> Rejected<T> {
    /// When to retry, on the throttle's clock: `None` if that is not known, or if a retry is of no use.
    #[must_use]
    pub fn retry_at(&self) -> Option<Timestamp> {
        match self.reason {
            Reason::Refused(refused) => refused.retry_at(),
            _ => None,
        }
    }

    pub(crate) fn refused(value: T, refused: Refused) -> Self {
        Self { value, reason: Reason::Refused(refused) }
    }

    pub(crate) fn ended(value: T, ended: Ended) -> Self {
        Self { value, reason: Reason::Ended(ended) }
    }
}

/// Of a throttle that performs its runs itself.
impl<T> From<NotPut<T>> for Rejected<T> {
    #[cold]
    fn from(not_put: NotPut<T>) -> Self {
        match not_put {
            NotPut::Full(value) => Self { value, reason: Reason::Full },
            NotPut::InsideMerge(value) => Self { value, reason: Reason::InsideMerge },
            NotPut::Forked(value) => Self::ended(value, Ended::Forked),
            // It was decided: there is no other way to get here.
            NotPut::Undecided(value) => Self::ended(value, Ended::ShutDown),
        }
    }
}

impl<T> fmt::Debug for Rejected<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejected").field("reason", &self.reason).finish_non_exhaustive()
    }
}

impl<T> fmt::Display for Rejected<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value was not taken, and is in this error")
    }
}

impl<T> core::error::Error for Rejected<T> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.reason)
    }
}
