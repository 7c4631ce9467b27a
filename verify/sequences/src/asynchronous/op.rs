//! The operations of a sequence, and the deliberate errors in the expected answers.

use crate::bytes::interesting;
use reference::planted::Fault;

/// One operation. `from_bytes` makes one of any two bytes.
#[derive(Clone, Copy, Debug)]
pub enum Op {
    /// Triggers, and waits by the ticket.
    Trigger,
    Run,
    /// The function of the run in progress triggers at its next poll.
    TriggerInside,
    Wait,
    PollTask {
        which: usize,
    },
    DropTask {
        which: usize,
    },
    PollCaller {
        which: usize,
    },
    DropCaller {
        which: usize,
    },
    /// The function of the run in progress returns at its next poll.
    Return,
    /// The function of the run in progress panics at its next poll.
    Panic,
    Cancel,
    Flush,
    /// Polls every woken task and caller, until none is woken.
    Settle,
    Advance {
        by: u64,
    },
    GoBack {
        by: u64,
    },
    Jump {
        to: u64,
    },
    SetThreshold {
        to: u64,
    },
}

impl Op {
    pub fn from_bytes(kind: u8, value: u8) -> Self {
        let (time, which) = (interesting(value), usize::from(value));
        match kind % 24 {
            0..=2 => Self::Trigger,
            3 | 4 => Self::Run,
            5 => Self::TriggerInside,
            6 => Self::Wait,
            7..=9 => Self::PollTask { which },
            10 => Self::DropTask { which },
            11 => Self::PollCaller { which },
            12 => Self::DropCaller { which },
            13 | 14 => Self::Return,
            15 => Self::Panic,
            16 => Self::Cancel,
            17 => Self::Flush,
            18 | 19 => Self::Settle,
            20 => Self::Advance { by: time },
            21 => Self::GoBack { by: time },
            22 => Self::Jump { to: time },
            _ => Self::SetThreshold { to: time },
        }
    }
}

/// All that a sequence can reach.
pub const ALL: [&str; 14] = [
    "operation",
    "run",
    "deferred",
    "coalesced",
    "taken over",
    "owed",
    "cancelled",
    "a run stopped",
    "completed",
    "panicked",
    "inside",
    "told owed",
    "told cancelled",
    "told panicked",
];

/// A deliberate error in the expected answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wrong {
    Step(Fault),
    /// A run that panicked counts as one that completed.
    PanicCovers,
    /// A run that was stopped counts as one that completed.
    StopCovers,
    /// A later run that completed hides a run that panicked.
    LaterRunHides,
}

impl Wrong {
    pub const ALL: [Self; 8] = {
        let [a, b, c, d, e] = Fault::OF_A_STEP;
        [
            Self::Step(a),
            Self::Step(b),
            Self::Step(c),
            Self::Step(d),
            Self::Step(e),
            Self::PanicCovers,
            Self::StopCovers,
            Self::LaterRunHides,
        ]
    };

    /// The error in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Step(fault) => fault.name(),
            Self::PanicCovers => "a wait takes a run that panicked for one that completed",
            Self::StopCovers => "a wait takes a run that was stopped for one that completed",
            Self::LaterRunHides => "a later run that completed hides one that panicked",
        }
    }
}
