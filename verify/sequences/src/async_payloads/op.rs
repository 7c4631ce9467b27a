//! The operations of a sequence, and what it can reach.

use crate::bytes::Byte;

/// How a call asks for a run.
#[derive(Clone, Copy, Debug)]
pub enum How {
    Trigger,
    /// Its caller is dropped after one poll.
    Run,
}

/// What the function of the run in progress does when it is polled next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Order {
    Return {
        /// Whether the rest of a batch is kept.
        keeps: bool,
    },
    Panic,
    /// Takes so many values out of a batch; of the others, what there is.
    TakeOut(usize),
    /// Calls its own throttle.
    Call(u32),
}

/// One operation. `from_bytes` makes one of any two bytes.
#[derive(Clone, Copy, Debug)]
pub enum Op {
    Call(How),
    CallInside,
    PollTask {
        which: usize,
    },
    DropTask {
        which: usize,
    },
    Order(Order),
    Cancel,
    Take,
    Flush,
    /// Polls every woken task, until none is woken.
    Settle,
    Advance {
        by: u64,
    },
    SetThreshold {
        to: u64,
    },
    /// The runtime drops all its tasks, and each that is spawned from now on.
    ShutDown,
    StartAgain,
}

impl Op {
    pub fn from_bytes(kind: u8, value: u8) -> Self {
        let (time, which) = (u64::from(value % Byte::SHORT), usize::from(value));
        match kind % 25 {
            0..=4 => Self::Call(How::Trigger),
            5 => Self::Call(How::Run),
            6 => Self::CallInside,
            7..=9 => Self::PollTask { which },
            10 | 11 => Self::DropTask { which },
            12 | 13 => Self::Order(Order::Return { keeps: value & 1 == 1 }),
            14 => Self::Order(Order::Panic),
            15..=17 => Self::Order(Order::TakeOut(which % 3)),
            18 => Self::Cancel,
            19 => Self::Take,
            20 => Self::Flush,
            21 => Self::Settle,
            22 => Self::Advance { by: time },
            23 => Self::SetThreshold { to: time },
            _ if value % 4 == 0 => Self::ShutDown,
            _ => Self::StartAgain,
        }
    }
}

/// All that a sequence can reach.
pub const ALL: [&str; 25] = [
    "operation",
    "ran at once",
    "ran at once with what was left",
    "ran deferred",
    "ran deferred with many",
    "coalesced",
    "revived",
    "called inside",
    "flushed",
    "flushed what was owed",
    "full while a run is pending",
    "full of what was left",
    "full, and runs",
    "cancelled",
    "taken",
    "panicked",
    "left by a panic",
    "some was kept",
    "an owner dropped",
    "dropped before its first poll",
    "stopped in the middle",
    "stopped with a rest",
    "stopped without a rest",
    "stopped while a newer one was there",
    "dropped as it was spawned",
];
