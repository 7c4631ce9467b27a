//! The operations of a sequence.

use crate::bytes::interesting;

/// One operation. `from_bytes` makes one of any two bytes, so that a fuzzer and proptest share it.
#[derive(Clone, Copy, Debug)]
pub enum Op {
    Coalesce,
    Arrive,
    ArriveBy {
        patience: u64,
    },
    Request,
    Owe,
    TryStart,
    Fire {
        which: usize,
    },
    Abandon {
        which: usize,
    },
    /// The owner drops the deferral while it unwinds.
    PanicOwner {
        which: usize,
    },
    Cancel,
    Flush,
    Finish,
    /// The run ends by a panic.
    PanicRun,
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
        let time = interesting(value);
        let which = usize::from(value);
        match kind % 21 {
            0 => Self::Coalesce,
            1..=3 => Self::Arrive,
            4 => Self::ArriveBy { patience: time },
            5 => Self::Request,
            6 => Self::TryStart,
            7 | 8 => Self::Fire { which },
            9 => Self::Abandon { which },
            10 => Self::PanicOwner { which },
            11 => Self::Cancel,
            12 => Self::Flush,
            13 | 14 => Self::Finish,
            15 => Self::PanicRun,
            16 => Self::Advance { by: time },
            17 => Self::GoBack { by: time },
            18 => Self::Jump { to: time },
            19 => Self::Owe,
            _ => Self::SetThreshold { to: time },
        }
    }
}

/// All that a sequence can reach.
pub const ALL: [&str; 7] = ["operation", "run", "deferred", "coalesced", "taken over", "owed", "cancelled"];
