//! The operations of a sequence, and how the throttle is set up for it.

use crate::bytes::{any_threshold, interesting};
use crate::throttle::clock::Move;
use atomic_throttle::Pending;
use std::time::Duration;

/// How a throttle is set up.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    pub threshold: u64,
    /// The least time between the end of a run and the next start.
    pub rest: u64,
    /// Whether the first panic ends it.
    pub fatal: bool,
    pub on_drop: Pending,
    /// Whether the last handle is dropped inside a run.
    pub dropped_inside: bool,
}

impl Setup {
    pub fn from_bytes(threshold: u8, rest: u8) -> Self {
        Self {
            threshold: interesting(threshold),
            rest: [0, 0, 2, 9][usize::from(rest & 3)],
            fatal: rest >> 2 & 3 == 3,
            on_drop: pending(rest >> 4),
            dropped_inside: rest & 0x40 != 0,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub enum Deed {
    /// A call; inside a run it also waits for the run that it is promised, and is refused.
    Trigger,
    Cancel,
    Flush,
    Move(Move),
    /// The clock moves to the end of the window.
    ToDue,
    /// The clock moves to the end of the rest.
    ToRested,
    SetThreshold {
        to: u64,
    },
    TrySetThreshold {
        to: Duration,
    },
    /// The handle of a call is queried.
    Ask {
        which: usize,
    },
    /// The throttle is queried for all requests.
    AskForAll,
    /// Another thread waits by the handle of a call for as long as it takes.
    WaitElsewhere {
        which: usize,
    },
    Shutdown(Pending),
    /// Another thread waits for the end as well.
    ShutdownElsewhere(Pending),
    Clone,
    DropAClone,
    /// The run in progress, which is held up, is let go.
    End {
        panics: bool,
    },
}

/// One operation. `from_bytes` makes one of any two bytes, so that a fuzzer and proptest share it.
#[derive(Clone, Copy, Debug)]
pub struct Op {
    pub deed: Deed,
    /// Inside the run in progress, if there is one.
    pub inside: bool,
}

impl Op {
    pub fn from_bytes(kind: u8, value: u8) -> Self {
        let time = interesting(value);
        let which = usize::from(value);
        let deed = match kind % 32 {
            0..=6 => Deed::Trigger,
            7 | 8 => Deed::Cancel,
            9 | 10 => Deed::Flush,
            11 | 12 => Deed::Move(Move::Advance { by: time }),
            13 => Deed::Move(Move::GoBack { by: time }),
            14 => Deed::Move(Move::Jump { to: time }),
            15 | 16 => Deed::ToDue,
            17 => Deed::ToRested,
            18 | 19 => Deed::SetThreshold { to: time },
            20 => Deed::TrySetThreshold { to: any_threshold(value) },
            21 => Deed::Ask { which },
            22 => Deed::AskForAll,
            23 => Deed::WaitElsewhere { which },
            // An end leaves little to do, so it is rare.
            24 if value >= 0xa0 => Deed::Shutdown(pending(value)),
            24 if value >= 0x40 => Deed::ShutdownElsewhere(pending(value)),
            24 | 25 => Deed::Clone,
            26 => Deed::DropAClone,
            _ => Deed::End { panics: kind & 0x60 == 0x60 },
        };
        Self { deed, inside: kind & 0x80 != 0 }
    }
}

fn pending(value: u8) -> Pending {
    [Pending::Finish, Pending::Flush, Pending::Discard][usize::from(value & 3) % 3]
}
