//! The operations on a `Keyed`, what they begin with, and the faults of its model.

use crate::bytes::interesting;

pub const KEYS: u8 = 8;
/// One operation. `from_bytes` makes one of any two bytes.
#[derive(Clone, Copy, Debug)]
pub enum Op {
    TryEnter {
        key: u8,
    },
    Finish {
        which: usize,
    },
    /// The run ends by a panic.
    PanicRun {
        which: usize,
    },
    Evict,
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
    /// By a threshold of the call.
    TryEnterBy {
        key: u8,
        threshold: u64,
    },
}

impl Op {
    pub fn from_bytes(kind: u8, value: u8) -> Self {
        let time = interesting(value);
        let which = usize::from(value);
        match kind % 20 {
            0..=4 => Self::TryEnter { key: value % KEYS },
            // Any length is rare: all keys are kept for it from then on.
            7 if value >= 248 => Self::TryEnterBy { key: value % KEYS, threshold: time },
            5..=7 => Self::TryEnterBy { key: value % KEYS, threshold: u64::from(value / KEYS) },
            8..=11 => Self::Finish { which },
            12 => Self::PanicRun { which },
            13 | 14 => Self::Evict,
            15 | 16 => Self::Advance { by: time },
            17 => Self::GoBack { by: time },
            18 => Self::Jump { to: time },
            _ => Self::SetThreshold { to: time },
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Setup {
    pub threshold: u64,
    pub shards: usize,
    pub max_keys: usize,
}

impl Setup {
    pub fn from_bytes(threshold: u8, setup: u8) -> Self {
        let shards = if setup & 1 == 0 { 1 } else { 4 };
        // Often no limit, and small ones.
        let max_keys = if setup & 2 == 0 { usize::MAX } else { usize::from(setup >> 2) % 6 };
        Self { threshold: u64::from(threshold), shards, max_keys }
    }
}

/// A fault of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    NothingRemembered,
    EvictsRuns,
    EvictsWindows,
    OneKeyMore,
    FullForGood,
    KnownAreRefused,
    /// Keys are kept for the threshold of calls that name none.
    LongestForgotten,
    /// Keys are kept for the threshold that was named last.
    LatestKept,
    /// A call is decided by the threshold of the one before it on the key.
    ThresholdOfTheCallBefore,
    NamedIsIgnored,
}

impl Fault {
    pub const ALL: [Self; 10] = [
        Self::NothingRemembered,
        Self::EvictsRuns,
        Self::EvictsWindows,
        Self::OneKeyMore,
        Self::FullForGood,
        Self::KnownAreRefused,
        Self::LongestForgotten,
        Self::LatestKept,
        Self::ThresholdOfTheCallBefore,
        Self::NamedIsIgnored,
    ];

    /// The fault in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::NothingRemembered => "nothing is remembered of an evicted key",
            Self::EvictsRuns => "a key is evicted while it runs",
            Self::EvictsWindows => "a key is evicted in its window",
            Self::OneKeyMore => "one key more than the limit",
            Self::FullForGood => "nothing is evicted at the limit",
            Self::KnownAreRefused => "known keys are refused at the limit",
            Self::LongestForgotten => "the longest threshold that was named is not remembered",
            Self::LatestKept => "the threshold that was named last is remembered, not the longest",
            Self::ThresholdOfTheCallBefore => "a call on a key is decided by the threshold of the one before",
            Self::NamedIsIgnored => "a call that names a threshold is decided by that of the others",
        }
    }
}

/// All that a sequence can reach.
pub const ALL: [&str; 11] = [
    "run",
    "closed",
    "running",
    "full",
    "evicted",
    "evicted unasked",
    "for what was forgotten",
    "unwound",
    "run by a shorter threshold",
    "closed by a longer threshold",
    "kept for a longer threshold",
];
