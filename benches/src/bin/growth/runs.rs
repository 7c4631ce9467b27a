//! Counts runs, and compares the count with the expected one.

use atomic_throttle::{Epoch, Timestamp};
use std::time::Duration;

/// How many runs there were, how many of them were too many, and how many are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Runs {
    /// The windows, each of which may have one run.
    pub windows: u64,
    /// Runs that have started.
    pub started: u64,
    pub too_many: u64,
    pub lost: u64,
}

impl Runs {
    /// The runs of windows that must each have one run, and no other.
    pub fn expected(windows: u64, started: u64) -> Self {
        let too_many = started.saturating_sub(windows);
        Self { windows, started, too_many, lost: windows.saturating_sub(started) }
    }

    /// The runs of calls without a pause: at most one start in the window of the one before. `starts` are
    /// stamps in the order of the runs. A caller that coalesced in one of the epochs `coalesced` is covered by
    /// a run of a later one.
    pub fn spaced(starts: &[Timestamp], threshold: Duration, coalesced: &[Epoch]) -> Self {
        let near = |pair: &&[Timestamp]| pair[1] <= pair[0] || pair[1].saturating_since(pair[0]) < threshold;
        let too_many = starts.windows(2).filter(near).count() as u64;
        let last = starts.last().copied();
        let uncovered = |epoch: &&Epoch| last.is_none_or(|last| epoch.started_at() >= last);
        let spanned =
            starts.first().zip(last).map_or(Duration::ZERO, |(first, last)| last.saturating_since(*first));
        let whole = spanned.as_nanos() / threshold.as_nanos().max(1);
        Self {
            // The last run has a window, too.
            windows: u64::try_from(whole).unwrap_or(u64::MAX) + u64::from(last.is_some()),
            started: starts.len() as u64,
            too_many,
            lost: coalesced.iter().filter(uncovered).count() as u64,
        }
    }

    pub fn and(self, other: Self) -> Self {
        Self {
            windows: self.windows + other.windows,
            started: self.started + other.started,
            too_many: self.too_many + other.too_many,
            lost: self.lost + other.lost,
        }
    }

    /// What is wrong with them.
    pub fn fault(&self) -> Option<String> {
        let Self { windows, started, too_many, lost } = self;
        (too_many + lost > 0)
            .then(|| format!("{started} runs in {windows} windows, {too_many} too many, {lost} lost"))
    }
}

#[cfg(test)]
mod tests {
    use super::Runs;
    use atomic_throttle::{Epoch, Manual, Outcome, Throttle, Timestamp};
    use std::time::Duration;

    const THRESHOLD: Duration = Duration::from_nanos(10);

    fn starts(nanos: &[u64]) -> Vec<Timestamp> {
        nanos.iter().copied().map(Timestamp::from_nanos).collect()
    }

    /// The epoch of a run at that time.
    fn epoch(nanos: u64) -> Epoch {
        let throttle = Throttle::with_clock(THRESHOLD, Manual::new(Timestamp::from_nanos(nanos)));
        assert!(matches!(throttle.run(|| ()), Outcome::RanAtOnce(())));
        throttle.state().epoch()
    }

    #[test]
    fn each_expected_run_must_have_come() {
        assert_eq!(Runs::expected(1, 1).fault(), None);
        assert_eq!(Runs::expected(1, 2).too_many, 1, "two runs in a window");
        assert_eq!(Runs::expected(1, 0).lost, 1, "a lost run");
        // A run too many does not make up for a lost one.
        let both = Runs::expected(1, 2).and(Runs::expected(1, 0));
        assert_eq!(both.fault().unwrap(), "2 runs in 2 windows, 1 too many, 1 lost");
    }

    #[test]
    fn a_window_has_one_start() {
        let good = Runs::spaced(&starts(&[5, 15, 60]), THRESHOLD, &[epoch(15)]);
        assert_eq!(good, Runs { windows: 6, started: 3, too_many: 0, lost: 0 });
        assert_eq!(Runs::spaced(&starts(&[5, 14, 60]), THRESHOLD, &[]).too_many, 1);
        assert_eq!(Runs::spaced(&starts(&[5, 5]), Duration::ZERO, &[]).too_many, 1, "the same run twice");
        assert_eq!(Runs::spaced(&[], THRESHOLD, &[]), Runs { windows: 0, started: 0, too_many: 0, lost: 0 });
    }

    #[test]
    fn a_call_that_coalesced_is_covered_by_a_later_run() {
        assert_eq!(Runs::spaced(&starts(&[5, 15]), THRESHOLD, &[epoch(5), epoch(15)]).lost, 1);
        assert_eq!(Runs::spaced(&[], THRESHOLD, &[epoch(5)]).lost, 1);
    }
}
