//! The operations of a sequence, and the faults that a model can have.

use crate::bytes::interesting;

pub const KEYS: u8 = 6;

/// One operation. `from_bytes` makes one of any two bytes.
#[derive(Clone, Copy, Debug)]
pub enum Op {
    Trigger {
        key: u8,
    },
    Cancel {
        key: u8,
    },
    Flush {
        key: u8,
    },
    /// The run in progress ends.
    End {
        panics: bool,
    },
    Evict,
    Wait,
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
        let (time, key) = (interesting(value), value % KEYS);
        match kind % 24 {
            0..=7 => Self::Trigger { key },
            8 | 9 => Self::Cancel { key },
            10 | 11 => Self::Flush { key },
            12..=15 => Self::End { panics: value % 4 == 0 },
            16 => Self::Evict,
            17 => Self::Wait,
            18..=20 => Self::Advance { by: time },
            21 => Self::GoBack { by: time },
            22 => Self::Jump { to: time },
            _ => Self::SetThreshold { to: time },
        }
    }
}

/// A fault of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    OpensEarly,
    NothingRemembered,
    CancelIgnored,
    CancelOpens,
    PanicClears,
    ThresholdUnnoticed,
    CountsOneCall,
    WaitsForCancelled,
}

impl Fault {
    pub const ALL: [Self; 8] = [
        Self::OpensEarly,
        Self::NothingRemembered,
        Self::CancelIgnored,
        Self::CancelOpens,
        Self::PanicClears,
        Self::ThresholdUnnoticed,
        Self::CountsOneCall,
        Self::WaitsForCancelled,
    ];

    /// The fault in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::OpensEarly => "the window of a key opens a nanosecond early",
            Self::NothingRemembered => "nothing is remembered of an evicted key",
            Self::CancelIgnored => "a cancelled key stays pending",
            Self::CancelOpens => "a cancel opens the window of a key",
            Self::PanicClears => "a panic clears what is pending of its key",
            Self::ThresholdUnnoticed => "a pending key does not notice a changed threshold",
            Self::CountsOneCall => "a coalesced call is not counted",
            Self::WaitsForCancelled => "a wait waits for a run that was cancelled",
        }
    }
}
