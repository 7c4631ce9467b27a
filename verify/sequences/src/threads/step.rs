//! The steps of a sequence.

use crate::bytes::interesting;

#[derive(Clone, Copy, Debug)]
pub enum Deed {
    /// Reads the clock. What the thread decides before it reads again is decided at this time.
    ReadClock,
    Coalesce,
    Arrive,
    ArriveBy {
        patience: u64,
    },
    Request,
    /// Takes a deferral that somebody has requested.
    Claim,
    Owe,
    TryStart,
    Fire {
        which: usize,
    },
    Abandon {
        which: usize,
    },
    Cancel,
    Flush,
    Finish,
    /// Unwinds over all that the thread holds: the run first, or the deferrals first.
    Panic {
        run_first: bool,
    },
    Advance {
        by: u64,
    },
    GoBack {
        by: u64,
    },
    SetThreshold {
        to: u64,
    },
}

/// One step of one thread. `from_bytes` makes one of any three bytes.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub who: usize,
    pub deed: Deed,
}

impl Step {
    pub fn from_bytes(who: u8, kind: u8, value: u8) -> Self {
        let time = interesting(value);
        let which = usize::from(value);
        let deed = match kind % 24 {
            0..=2 => Deed::ReadClock,
            3 => Deed::Coalesce,
            4..=6 => Deed::Arrive,
            7 => Deed::ArriveBy { patience: time },
            8 => Deed::Request,
            9 => Deed::Claim,
            10 => Deed::Owe,
            11 => Deed::TryStart,
            12 | 13 => Deed::Fire { which },
            14 => Deed::Abandon { which },
            15 => Deed::Cancel,
            16 => Deed::Flush,
            17 | 18 => Deed::Finish,
            19 => Deed::Panic { run_first: value % 2 == 0 },
            20 | 21 => Deed::Advance { by: time },
            22 => Deed::GoBack { by: time },
            _ => Deed::SetThreshold { to: time },
        };
        Self { who: usize::from(who), deed }
    }
}

/// All that a sequence of steps can reach.
pub const ALL: [&str; 12] = [
    "step",
    "late decision",
    "run",
    "deferred",
    "coalesced",
    "requested",
    "owed",
    "refused",
    "cancelled",
    "taken over",
    "panic in a run",
    "panic of an owner",
];
