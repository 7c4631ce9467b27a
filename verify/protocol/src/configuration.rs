//! A system without its numbers, and the invariants: any number of threads, any threshold.

use crate::lease::{LeasePhase, World};
use crate::system::{System, Thread};
use crate::word::{Deferred, Word};

pub const RUN: &str = "r = 1 exactly when one `Run` lives, and that is of this epoch";
pub const OWNER: &str = "G4: d is pending or cancelled exactly when one owner holds a deferral of this epoch";
pub const LEASED_RUN: &str = "one `Run` of this epoch at the most, and none unless r = 1";
pub const LEASED_OWNER: &str =
    "G4: one owner of this epoch at the most, and none unless d is pending or cancelled";
pub const LOST: &str = "G3: a call is uncovered only while a run is pending or owed";
pub const PAST: &str = "guards of other epochs are older";

/// How many guards there are, as far as an invariant asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Count {
    None,
    One,
    Many,
}

impl Count {
    const ALL: [Self; 3] = [Self::None, Self::One, Self::Many];

    #[must_use]
    pub fn of(number: usize) -> Self {
        Self::ALL[number.min(2)]
    }
}

/// Guards of one sort, by how their epoch stands to that of the word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Guards {
    pub current: Count,
    pub older: Count,
    pub newer: Count,
}

impl Guards {
    fn all() -> impl Iterator<Item = Self> {
        Count::ALL.into_iter().flat_map(|current| {
            Count::ALL.into_iter().flat_map(move |older| {
                Count::ALL.into_iter().map(move |newer| Self { current, older, newer })
            })
        })
    }

    fn of(epochs: impl Iterator<Item = u64>, last: u64) -> Self {
        let (mut current, mut older, mut newer) = (0, 0, 0);
        for epoch in epochs {
            *match epoch.cmp(&last) {
                std::cmp::Ordering::Less => &mut older,
                std::cmp::Ordering::Equal => &mut current,
                std::cmp::Ordering::Greater => &mut newer,
            } += 1;
        }
        Self { current: Count::of(current), older: Count::of(older), newer: Count::of(newer) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Configuration {
    pub word: Word,
    pub runs: Guards,
    pub deferrals: Guards,
    /// Some call was promised a run that has not started.
    pub uncovered: bool,
}

impl Configuration {
    /// Every configuration, whether it is possible or not.
    pub fn all(world: World) -> impl Iterator<Item = Self> {
        Word::all(world).flat_map(|word| {
            Guards::all().flat_map(move |runs| {
                Guards::all().flat_map(move |deferrals| {
                    [false, true].map(|uncovered| Self { word, runs, deferrals, uncovered })
                })
            })
        })
    }

    #[must_use]
    pub fn of(system: &System) -> Self {
        let runs = system.threads.iter().filter_map(|thread| match thread {
            Thread::Runs { epoch } => Some(*epoch),
            _ => None,
        });
        let deferrals = system.threads.iter().filter_map(|thread| match thread {
            Thread::Owns { epoch, .. } => Some(*epoch),
            _ => None,
        });
        Self {
            word: system.abstract_word(),
            runs: Guards::of(runs, system.last()),
            deferrals: Guards::of(deferrals, system.last()),
            uncovered: system.uncovered,
        }
    }

    /// The first invariant that does not hold.
    ///
    /// With a lease a guard may be missing where one was, and runs that were superseded may go on.
    #[must_use]
    pub fn violated(&self) -> Option<&'static str> {
        let owner = if self.word.deferred.has_owner() { Count::One } else { Count::None };
        let run = if self.word.running { Count::One } else { Count::None };
        if self.runs.newer != Count::None || self.deferrals.newer != Count::None {
            Some(PAST)
        } else if self.word.lease != LeasePhase::Without && self.runs.current > run {
            Some(LEASED_RUN)
        } else if self.word.lease != LeasePhase::Without && self.deferrals.current > owner {
            Some(LEASED_OWNER)
        } else if self.word.lease == LeasePhase::Without
            && (self.runs.current != run || self.runs.older != Count::None)
        {
            Some(RUN)
        } else if self.word.lease == LeasePhase::Without && self.deferrals.current != owner {
            Some(OWNER)
        } else if self.uncovered && !matches!(self.word.deferred, Deferred::Pending | Deferred::Owed) {
            Some(LOST)
        } else {
            None
        }
    }
}
