//! Every run, with what it saw.

use super::carried::Carried;
use super::testimony::Promise;
use crate::turns::calls_on;

/// One run. All times are nanoseconds on the throttle's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct Run {
    /// Its start, as the throttle stamped it: the epoch that it opened.
    pub stamp: u64,
    /// A reading of the clock by the first instruction of the function.
    pub inside: u64,
    /// Its end.
    pub end: u64,
    /// The stamp that the run before had left for this one to read.
    pub before: u64,
    /// Whether a flush started it: the exception from G1.
    pub flushed: bool,
    /// How many calls it was told to cover, by a front end that counts.
    pub calls: Option<u64>,
    /// Whether it failed, and is to be tried again: it covers no call.
    pub has_failed: bool,
}

/// A change of the threshold: it took effect at some moment between the two readings of the clock.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    pub threshold: u64,
    pub begun: u64,
    pub returned: u64,
}

/// Every run of one throttle, with the number of each caller that it saw.
#[derive(Default)]
pub struct RunLog {
    callers: usize,
    key: usize,
    keys: usize,
    limit: usize,
    runs: Vec<Run>,
    seen: Vec<u64>,
    /// What each run was given, where calls bring something.
    given: Vec<Carried>,
}

impl RunLog {
    /// An empty log of one key. All keys together may use `memory` bytes. They are reserved now, so that no
    /// run has to move the log.
    pub fn new(callers: usize, key: usize, keys: usize, memory: usize) -> Self {
        // A caller keeps about one promise for each epoch, that is, for each run.
        let of_one_run = size_of::<Run>() + callers * (size_of::<u64>() + size_of::<Promise>());
        let limit = memory / keys / of_one_run;
        // When the limit is reached each caller may be inside one more call.
        let capacity = limit + callers + 1;
        let seen = Vec::with_capacity(capacity * callers);
        Self { callers, key, keys, limit, runs: Vec::with_capacity(capacity), seen, given: Vec::new() }
    }

    pub fn push(&mut self, run: Run, seen: &[u64]) {
        assert_eq!(seen.len(), self.callers, "a run sees a number of each caller");
        self.runs.push(run);
        self.seen.extend_from_slice(seen);
    }

    /// Adds what the latest run was given. Either each run was given something, or none was.
    pub fn push_given(&mut self, given: Carried) {
        self.given.push(given);
        assert_eq!(self.given.len(), self.runs.len(), "each run was given something");
    }

    /// What each run was given, in the order of the runs; none if calls bring nothing.
    pub fn given(&self) -> &[Carried] {
        &self.given
    }

    /// Marks the runs whose stamps lie in one of these spans. In each span a flush was requested.
    pub fn flushed(&mut self, spans: &mut [(u64, u64)]) {
        spans.sort_unstable();
        // Until when one of the spans so far lasts, in their order.
        let mut latest = 0;
        let until: Vec<u64> = spans
            .iter()
            .map(|&(_, until)| {
                latest = until.max(latest);
                latest
            })
            .collect();
        for run in &mut self.runs {
            let begun = spans.partition_point(|&(from, _)| from <= run.stamp);
            run.flushed |= begun.checked_sub(1).is_some_and(|last| until[last] >= run.stamp);
        }
    }

    pub fn callers(&self) -> usize {
        self.callers
    }

    pub fn is_full(&self) -> bool {
        self.runs.len() >= self.limit
    }

    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// The number of `caller` that the run at `index` saw.
    pub fn seen(&self, index: usize, caller: usize) -> u64 {
        self.seen[index * self.callers + caller]
    }

    /// How many of a caller's calls up to this number are on this key.
    pub fn turn(&self, caller: usize, number: u64) -> u64 {
        calls_on(self.key, caller, number, self.keys)
    }

    /// How many calls on this key the run at `index` saw, of all callers.
    pub fn calls_seen(&self, index: usize) -> u64 {
        (0..self.callers).map(|caller| self.turn(caller, self.seen(index, caller))).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::{Run, RunLog};

    #[test]
    fn only_what_started_while_a_flush_was_asked_for_counts_as_flushed() {
        let flushed = |spans: &[(u64, u64)]| {
            let mut log = RunLog::new(1, 0, 1, 1 << 20);
            for stamp in [9, 10, 12, 13, 20] {
                log.push(Run { stamp, inside: stamp, end: stamp, ..Run::default() }, &[0]);
            }
            log.flushed(&mut spans.to_vec());
            log.runs().iter().map(|run| run.flushed).collect::<Vec<_>>()
        };
        assert_eq!(flushed(&[]), [false; 5]);
        assert_eq!(flushed(&[(10, 12)]), [false, true, true, false, false]);
        assert_eq!(flushed(&[(13, 13), (10, 12), (11, 11)]), [false, true, true, true, false]);
        assert_eq!(flushed(&[(11, 11), (9, 19)]), [true, true, true, true, false]);
    }

    #[test]
    fn a_storm_ends_before_its_log_has_to_grow() {
        for callers in [2, 9, 101] {
            let mut log = RunLog::new(callers, 0, 1, 1 << 20);
            let (runs, seen) = (log.runs.capacity(), log.seen.capacity());
            while !log.is_full() {
                log.push(Run::default(), &vec![0; callers]);
            }
            // Each caller may be inside one more call.
            for _ in 0..callers {
                log.push(Run::default(), &vec![0; callers]);
            }
            assert_eq!((log.runs.capacity(), log.seen.capacity()), (runs, seen), "{callers}");
        }
    }
}
