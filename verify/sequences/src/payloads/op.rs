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
}

impl Setup {
    pub fn from_byte(byte: u8) -> Self {
        let kinds = [Kind::Count, Kind::Latest, Kind::Merge, Kind::Collect, Kind::Bounded];
        let ends = [Pending::Finish, Pending::Flush, Pending::Discard];
        Self { kind: kinds[usize::from(byte % 5)], end: ends[usize::from(byte / 5 % 3)] }
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
    /// Whether it panics then.
    pub panics: bool,
}

impl Op {
    pub fn from_byte(byte: u8) -> Self {
        let value = byte >> 4;
        match byte & 15 {
            0..=4 => Self::Trigger,
            5..=9 => {
                let plan =
                    Plan { takes: usize::from(value & 3), keeps: value & 4 != 0, panics: value & 8 != 0 };
                Self::End(plan)
            }
            10 => Self::Cancel,
            11 => Self::Flush,
            12..=14 => Self::Advance { by: SECOND / 2 * u32::from(value & 3) },
            _ => Self::Take,
        }
    }
}

/// All that a sequence can reach.
pub const ALL: [&str; 21] = [
    "operation",
    "taken call",
    "run",
    "a run of many",
    "a newer value in place of an older one",
    "all was taken",
    "some was kept",
    "the rest was dropped",
    "left by a panic",
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
];
