//! The operations of a sequence, and what it can reach.

use atomic_throttle::Pending;
use std::time::Duration;

pub const SECOND: Duration = Duration::from_secs(1);

/// What the calls of the throttle leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Count,
    Latest,
    Merge,
    Collect,
    /// At most [`CAPACITY`] values.
    Bounded,
}

pub const CAPACITY: usize = 2;

/// What a sequence begins with.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    pub kind: Kind,
    /// How the end treats what is pending.
    pub end: Pending,
    /// How runs go on when the sequence is over.
    pub last: Plan,
    /// Whether the end is asked for in a run, if one is due.
    pub ends_in_a_run: bool,
    pub policy: Option<Policy>,
}

/// When a run that failed is tried again.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    pub at_most: u32,
    pub back_off: Duration,
}

impl Setup {
    pub fn from_bytes(first: u8, second: u8) -> Self {
        let kinds = [Kind::Count, Kind::Latest, Kind::Merge, Kind::Collect, Kind::Bounded];
        let ends = [Pending::Finish, Pending::Flush, Pending::Discard];
        let how = if first / 15 % 2 == 0 { How::Returns } else { How::Fails };
        let takes = if how == How::Returns { usize::MAX } else { 0 };
        Self {
            kind: kinds[usize::from(first % 5)],
            end: ends[usize::from(first / 5 % 3)],
            last: Plan { takes, keeps: false, how },
            ends_in_a_run: first / 30 % 2 == 1,
            policy: (second & 1 == 1).then(|| Policy {
                at_most: [0, 1, 2, u32::MAX][usize::from(second >> 1 & 3)],
                back_off: SECOND / 2 * [0, 1, 3, 6][usize::from(second >> 3 & 3)],
            }),
        }
    }
}

/// One operation. `from_byte` makes one of any byte.
#[derive(Clone, Copy, Debug)]
pub enum Op {
    Trigger,
    End(Plan),
    Cancel,
    Flush,
    Advance { by: Duration },
    Take,
}

/// How the run in progress goes on. All but a batch is taken by looking at it.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How many values it takes out of its batch.
    pub takes: usize,
    /// Whether it keeps the rest.
    pub keeps: bool,
    pub how: How,
}

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Returns,
    /// It returns an error.
    Fails,
    Panics,
}

impl Op {
    pub fn from_byte(byte: u8) -> Self {
        let value = byte >> 4;
        match byte & 15 {
            0..=4 => Self::Trigger,
            code @ 5..=9 => {
                let how = match (value & 8, code) {
                    (0, _) => How::Returns,
                    (_, 5..=7) => How::Panics,
                    _ => How::Fails,
                };
                Self::End(Plan { takes: usize::from(value & 3), keeps: value & 4 != 0, how })
            }
            10 => Self::Cancel,
            11 => Self::Flush,
            12..=14 => Self::Advance { by: SECOND / 2 * u32::from(value & 3) },
            _ => Self::Take,
        }
    }
}

/// All that a sequence can reach.
pub const ALL: [&str; 37] = [
    "operation",
    "taken call",
    "run",
    "a run of many",
    "a newer value in place of an older one",
    "all was taken",
    "some was kept",
    "the rest was dropped",
    "left by a failure",
    "put in front of newer values",
    "full",
    "full of what a cancel has left",
    "cancelled with values",
    "flushed",
    "taken",
    "taken, and the run given up",
    "taken during a run",
    "finished",
    "discarded",
    "remaining after the end",
    "refused",
    "failed by an error",
    "failed by a panic",
    "tried again",
    "two failures in a row",
    "given up",
    "nothing to try again with",
    "failed with something newer behind it",
    "a back-off beyond the window",
    "a window beyond the back-off",
    "a call in a back-off",
    "flushed in a back-off",
    "cancelled in a row of failures",
    "the last run failed",
    "told of a success",
    "told of a failure",
    "told of a cancel",
];
