//! What a sequence begins with, its operations, and what it can reach.

use crate::bytes::{Byte, interesting};
use crate::payloads::op::{How, Kind};
use crate::throttle_payloads::op::kind_of;
use atomic_throttle::Pending;

pub const KEYS: u8 = 4;

/// What a sequence begins with.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    pub kind: Kind,
    pub shards: u8,
    /// Whether all keys of a shard have one hash.
    pub collides: bool,
    pub max_keys: Option<usize>,
    pub threshold: u64,
    /// Whether each key has a threshold of its own.
    pub has_own_thresholds: bool,
    pub pace: Pace,
    /// So many calls or values end a delay or a quiet time.
    pub enough: Option<usize>,
    pub policy: Option<Policy>,
    pub panics_are_fatal: bool,
    /// How many runs may be in progress at once.
    pub at_once: usize,
    /// How it ends: by a shutdown, or its task is dropped.
    pub end: Option<Pending>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    AtOnce,
    Delay(u64),
    Debounce { quiet: u64, at_latest: u64 },
}

/// When a run that failed is tried again.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    pub at_most: u32,
    pub back_off: u64,
}

impl Setup {
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let &[keys, threshold, pace, policy, end] = bytes else { panic!("five bytes: {bytes:?}") };
        let time = u64::from(pace >> 4) + 1;
        Self {
            kind: kind_of(keys % 5),
            shards: 1 + (keys / 5 % 2),
            collides: keys / 10 % 2 == 1,
            max_keys: (keys / 20 % 3 == 0).then_some(2),
            threshold: u64::from(threshold % Byte::SHORT),
            has_own_thresholds: end % 4 == 0,
            pace: match pace & 3 {
                0 | 1 => Pace::AtOnce,
                2 => Pace::Delay(time),
                _ => Pace::Debounce { quiet: time, at_latest: 2 * time + 1 },
            },
            enough: (pace & 4 == 4).then_some(2),
            policy: (policy & 1 == 1).then(|| Policy {
                at_most: [1, 2, 3, u32::MAX][usize::from(policy >> 1 & 3)],
                back_off: [0, 3, 9, 30][usize::from(policy >> 3 & 3)],
            }),
            panics_are_fatal: policy >> 5 == 7,
            at_once: [1, 2, 16][usize::from(end >> 2 & 15) % 3],
            end: [Some(Pending::Finish), Some(Pending::Flush), Some(Pending::Discard), None]
                [usize::from(end >> 6)],
        }
    }
}

/// What the function of a run does when it is polled next.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// It calls this key.
    pub calls: Option<u8>,
    /// It takes so many values out of a batch; of the others, what there is.
    pub takes: usize,
    /// Whether it keeps the rest of a batch.
    pub keeps: bool,
    /// `None`: it goes on.
    pub ends: Option<How>,
}

/// One operation. `from_bytes` makes one of any three bytes.
#[derive(Clone, Copy, Debug)]
pub enum Op {
    Trigger {
        key: u8,
    },
    /// One of the runs in progress does this.
    Order {
        which: usize,
        order: Order,
    },
    Cancel {
        key: u8,
    },
    Take {
        key: u8,
    },
    Flush {
        key: u8,
    },
    /// Calls and cancels a key so often that a shard forgets what it remembered.
    Flood {
        key: u8,
    },
    All,
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
    /// Changes the threshold of one key.
    SetOwn {
        key: u8,
        to: u64,
        is_told: bool,
    },
    Shutdown(Pending),
    DropTask,
}

impl Op {
    pub fn from_bytes(kind: u8, key: u8, value: u8) -> Self {
        let (time, flags, key) = (interesting(value), key / KEYS, key % KEYS);
        match kind % 64 {
            0..=19 => Self::Trigger { key },
            code @ 20..=37 => {
                let ends = match code {
                    20..=25 => Some(How::Returns),
                    26..=30 => Some(How::Fails),
                    31..=34 => Some(How::Panics),
                    _ => None,
                };
                let calls = (flags % 8 == 0).then_some(value >> 3 & 3);
                let (takes, keeps) = (usize::from(value & 3), value & 4 == 4);
                Self::Order { which: usize::from(key), order: Order { calls, takes, keeps, ends } }
            }
            38..=40 => Self::Cancel { key },
            41 | 42 => Self::Take { key },
            43..=45 => Self::Flush { key },
            46..=53 => Self::Advance { by: time },
            54 => Self::Evict,
            55 | 56 => Self::All,
            57 => Self::GoBack { by: time },
            58 => Self::Jump { to: time },
            59 => Self::SetThreshold { to: time },
            60 | 61 => Self::SetOwn { key, to: time, is_told: flags & 3 != 0 },
            62 => Self::Flood { key },
            _ => match value {
                0..=9 => Self::Shutdown(Pending::Finish),
                10..=19 => Self::Shutdown(Pending::Flush),
                20..=29 => Self::Shutdown(Pending::Discard),
                30..=39 => Self::DropTask,
                _ => Self::Advance { by: u64::from(value % Byte::SHORT) },
            },
        }
    }
}

/// All that a sequence can reach.
pub const ALL: [&str; 45] = [
    "operation",
    "a call that asks for a run",
    "a call that coalesces",
    "a call in a run",
    "a call in a back-off",
    "a call inside",
    "refused after the end",
    "no room for another key",
    "full",
    "run",
    "a run of many",
    "runs of several keys at once",
    "a run waits for another to end",
    "held by the pace",
    "enough",
    "some was taken out",
    "some was kept",
    "left by a failure",
    "put in front of newer values",
    "failed by an error",
    "failed by a panic",
    "tried again",
    "two failures in a row",
    "given up",
    "the last try",
    "a fatal panic",
    "cancelled",
    "taken",
    "flushed",
    "flushed in a back-off",
    "evicted",
    "remembered",
    "a threshold of its own",
    "not told of a threshold",
    "told of a success",
    "told of a failure",
    "told of a cancel",
    "told of a cancel after an eviction",
    "told that it is owed",
    "told that it is forgotten",
    "all are told",
    "finished",
    "discarded",
    "dropped with runs in progress",
    "taken after the end",
];
