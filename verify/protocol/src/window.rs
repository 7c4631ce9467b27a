//! How the time stands to the window: all that a transition may ask of clock and threshold.
//!
//! It is written in words and in unbounded numbers. It shares no arithmetic with the library.

use crate::transitions::{MAX, NEVER};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Window {
    /// The threshold is 0: no start is ever too early.
    Absent,
    /// Nothing ever ran, or the window is over.
    Open,
    Closed,
}

impl Window {
    pub const ALL: [Self; 3] = [Self::Absent, Self::Open, Self::Closed];

    #[must_use]
    pub fn of(last: u64, threshold: u64, now: u64) -> Self {
        if threshold == 0 {
            Self::Absent
        } else if last == 0 || u128::from(now) >= u128::from(last) + u128::from(threshold) {
            Self::Open
        } else {
            Self::Closed
        }
    }
}

/// The end of the window as a caller gets it: 0 if there is none, `NEVER` if no reading reaches it.
#[must_use]
pub fn end(last: u64, threshold: u64) -> u64 {
    if last == 0 || threshold == 0 {
        return 0;
    }
    let end = u128::from(last) + u128::from(threshold);
    u64::try_from(end).ok().filter(|end| *end <= MAX).unwrap_or(NEVER)
}
