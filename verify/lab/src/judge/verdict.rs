//! The findings about a storm.

use crate::record::{Kind, Tally};
use evidence::Guarantee;

/// A guarantee that was seen broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub guarantee: Guarantee,
    pub how: String,
}

/// The findings about a storm.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    pub tally: Tally,
    /// The calls, by what became of them.
    pub kinds: [u64; Kind::ALL.len()],
    pub runs: u64,
    /// Runs that panicked.
    pub panics: u64,
    pub flushed: u64,
    /// Between the stamps of two runs, flushed ones left out. With one threshold it decides G1.
    pub shortest_gap: Option<u64>,
    /// The same between readings of the clock inside the runs. Decides nothing.
    pub shortest_gap_inside: Option<u64>,
    /// Runs whose distance from the one before was compared with a threshold above 0.
    pub spaced: u64,
    pub overlaps: u64,
    pub longest_delay: u64,
    /// Promises of a caller and an epoch that a run has kept.
    pub covered: u64,
    /// Promises without a run that kept them.
    pub uncovered: u64,
    /// Promises that a cancel took back.
    pub cancelled: u64,
    /// Promises that are still to be kept.
    pub still_owed: u64,
    /// Waits that ended well, and were compared with the runs.
    pub waits: u64,
    /// Calls that a run was told to cover, by a front end that counts.
    pub counted: u64,
    /// Runs whose start was compared with a delay.
    pub paced: u64,
    /// Runs of which was judged what they were given.
    pub carried: u64,
    /// Runs that failed, and were to be tried again.
    pub failed: u64,
    pub broken: Vec<Broken>,
}

impl Verdict {
    /// The findings about several throttles, each judged by itself.
    pub fn of_all(verdicts: impl ExactSizeIterator<Item = Self>) -> Self {
        let several = verdicts.len() > 1;
        let mut all = Self::default();
        for (key, mut verdict) in verdicts.enumerate() {
            if several {
                verdict.broken.iter_mut().for_each(|broken| {
                    broken.how = format!("key {}: {}", key + 1, broken.how);
                });
            }
            all.add(verdict);
        }
        all
    }

    /// Adds the findings about another throttle, or another storm.
    pub fn add(&mut self, other: Self) {
        let least = |one: Option<u64>, other: Option<u64>| one.into_iter().chain(other).min();
        self.tally += other.tally;
        self.kinds.iter_mut().zip(other.kinds).for_each(|(sum, more)| *sum += more);
        self.panics += other.panics;
        self.runs += other.runs;
        self.flushed += other.flushed;
        self.shortest_gap = least(self.shortest_gap, other.shortest_gap);
        self.shortest_gap_inside = least(self.shortest_gap_inside, other.shortest_gap_inside);
        self.spaced += other.spaced;
        self.overlaps += other.overlaps;
        self.longest_delay = self.longest_delay.max(other.longest_delay);
        self.covered += other.covered;
        self.uncovered += other.uncovered;
        self.cancelled += other.cancelled;
        self.still_owed += other.still_owed;
        self.waits += other.waits;
        self.counted += other.counted;
        self.paced += other.paced;
        self.carried += other.carried;
        self.failed += other.failed;
        self.broken.extend(other.broken);
    }

    /// The calls of that kind.
    pub fn count(&self, kind: Kind) -> u64 {
        self.kinds[kind as usize]
    }

    pub fn calls(&self) -> u64 {
        self.kinds.iter().sum()
    }

    pub(super) fn is_broken(&mut self, guarantee: Guarantee, how: String) {
        self.broken.push(Broken { guarantee, how });
    }

    /// The guarantee is broken unless there are none of these.
    pub(super) fn is_none(&mut self, count: u64, guarantee: Guarantee, what: &str) {
        if count > 0 {
            self.is_broken(guarantee, format!("{count} {what}"));
        }
    }
}
