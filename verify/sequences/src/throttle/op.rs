//! The operations of a sequence.

use super::clock::Move;
use crate::bytes::{any_threshold, interesting};
use std::time::Duration;

/// How a call asks for a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Run,
    RunWithin { max_wait: Duration },
    TryRun,
    Flush,
}

/// How a function ends, if it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Returns,
    Panics,
    /// The function ends when a later [`Deed::End`] says so: the operations before that may take place inside
    /// it.
    Later,
}

#[derive(Clone, Copy, Debug)]
pub enum Deed {
    Call(How),
    /// The clock moves on while the owner sleeps, and a `try_run` takes over.
    Overtake {
        by: u64,
    },
    /// The run in progress ends.
    End,
    Cancel,
    Move(Move),
    /// The clock moves to the end of the window.
    ToDue,
    /// The clock moves to the owner's limit.
    ToLimit,
    SetThreshold {
        to: u64,
    },
    TrySetThreshold {
        to: Duration,
    },
    /// A handle is queried.
    Ask {
        which: usize,
    },
    /// Another thread waits by a handle for as long as it takes.
    WaitElsewhere {
        which: usize,
    },
}

/// One operation. `from_bytes` makes one of any two bytes, so that a fuzzer and proptest share it.
#[derive(Clone, Copy, Debug)]
pub struct Op {
    pub deed: Deed,
    /// Whether it takes place inside the run in progress, if there is one.
    pub inside: bool,
    pub end: End,
}

impl Op {
    pub fn from_bytes(kind: u8, value: u8) -> Self {
        let time = interesting(value);
        let which = usize::from(value);
        let deed = match kind % 32 {
            0..=5 => Deed::Call(How::Run),
            6..=8 => Deed::Call(How::RunWithin { max_wait: Duration::from_nanos(time) }),
            9 | 10 => Deed::Call(How::TryRun),
            11 => Deed::Call(How::Flush),
            12 | 13 => Deed::Overtake { by: time },
            14 => Deed::Cancel,
            15 | 16 => Deed::Move(Move::Advance { by: time }),
            17 => Deed::Move(Move::GoBack { by: time }),
            18 => Deed::Move(Move::Jump { to: time }),
            19 | 20 => Deed::ToDue,
            21 => Deed::ToLimit,
            22 | 23 => Deed::SetThreshold { to: time },
            24 => Deed::TrySetThreshold { to: any_threshold(value) },
            25 | 26 => Deed::Ask { which },
            27 => Deed::WaitElsewhere { which },
            _ => Deed::End,
        };
        let end = match kind >> 5 & 3 {
            0 | 1 => End::Returns,
            2 => End::Panics,
            _ => End::Later,
        };
        Self { deed, inside: kind & 0x80 != 0, end }
    }
}
