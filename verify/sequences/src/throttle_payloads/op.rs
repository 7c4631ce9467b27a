//! The operations of a sequence, and what it can reach.

use crate::payloads::op::{Kind, SECOND};
use std::time::Duration;

/// Times are multiples of this.
pub const QUARTER: Duration = Duration::from_millis(250);

/// How a call asks for a run.
#[derive(Clone, Copy, Debug)]
pub enum How {
    Run,
    Within(Duration),
    Try,
}

/// What a run does, if the call comes to one.
#[derive(Clone, Copy, Debug)]
pub struct Script {
    /// How often it calls its own throttle.
    pub nested: u32,
    pub plan: Plan,
}

/// How the function of a run goes on. All but a batch is taken by looking at it.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How many values it takes out of its batch.
    pub takes: usize,
    /// Whether it keeps the rest.
    pub keeps: bool,
    /// Whether it panics then.
    pub panics: bool,
}

#[derive(Clone, Copy, Debug)]
pub enum Op {
    Call {
        how: How,
        script: Script,
    },
    /// The clock moves on while the owner sleeps, and a call that never waits takes over.
    Overtake(Script),
    Flush(Script),
    Cancel,
    Take,
    Advance {
        by: Duration,
    },
    SetThreshold {
        to: Duration,
    },
    /// The threshold grows, so that the owner is still there at its limit.
    Outlast,
}

impl Op {
    pub fn from_bytes(kind: u8, value: u8) -> Self {
        let plan =
            Plan { takes: usize::from(value & 3), keeps: value & 4 != 0, panics: value & 0x18 == 0x18 };
        let script = Script { nested: u32::from(value >> 5 & 3), plan };
        let time = QUARTER * u32::from(value & 7);
        match kind % 20 {
            0..=5 => Self::Call { how: How::Run, script },
            6..=7 => Self::Call { how: How::Within(QUARTER * u32::from(kind >> 5)), script },
            8..=10 => Self::Call { how: How::Try, script },
            11 | 12 => Self::Overtake(script),
            13 => Self::Flush(script),
            14 => Self::Cancel,
            15 => Self::Take,
            16 | 17 => Self::Advance { by: time },
            18 => Self::Outlast,
            _ => Self::SetThreshold { to: time },
        }
    }
}

pub fn kind_of(byte: u8) -> Kind {
    [Kind::Count, Kind::Latest, Kind::Merge, Kind::Collect, Kind::Bounded][usize::from(byte % 5)]
}

/// The threshold at first.
pub const THRESHOLD: Duration = SECOND;

/// All that a sequence can reach.
pub const ALL: [&str; 20] = [
    "operation",
    "ran at once",
    "ran at once with what was left",
    "ran deferred",
    "ran deferred with many",
    "coalesced",
    "taken over",
    "flushed",
    "flushed what was owed",
    "refused by the window",
    "full while a run is pending",
    "full of what was left",
    "full, and runs",
    "owed inside",
    "owed at the limit",
    "cancelled owner",
    "taken",
    "panicked",
    "left by a panic",
    "some was kept",
];
