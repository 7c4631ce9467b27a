//! The pace of a `Throttled`: no run starts before its delay is over, and none is held for ever.

use super::asked::Asked;
use super::spacing::SETTLED;
use super::{History, Verdict};
use crate::record::Event;
use evidence::Guarantee::{G1, G5};

/// How long runs are held beside their windows, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    Delay(u64),
    Debounce { quiet: u64, at_latest: u64 },
}

impl Pace {
    /// The soonest start of a run that covers these calls, by readings of the clock around them.
    ///
    /// A call tells its time after it was made. One that had returned before the start was told by then. What was
    /// cancelled holds nothing: not even what comes after the cancel with a time that it has read before. Which calls
    /// that were is not known, so with `cancels` the run is held by the one that would hold it for the shortest time.
    fn soonest(self, asked: &[Asked], stamp: u64, cancels: bool) -> Option<u64> {
        let first = asked.iter().map(|asked| asked.first_at).min()?;
        Some(match self {
            Self::Delay(delay) => first.saturating_add(delay),
            Self::Debounce { quiet, at_latest } => {
                let is_told = |asked: &Asked| asked.returned_at.saturating_add(SETTLED) < stamp;
                let latest = if cancels {
                    asked.iter().map(|it| if is_told(it) { it.latest_at } else { it.first_at }).min()
                } else {
                    asked.iter().filter(|it| is_told(it)).map(|it| it.latest_at).max()
                };
                latest.unwrap_or(first).max(first).saturating_add(quiet).min(first.saturating_add(at_latest))
            }
        })
    }
}

/// A pace, and how long a run may be late before it counts as held for ever.
#[derive(Clone, Copy, Debug)]
pub struct Paced {
    pub pace: Pace,
    /// From the first call on.
    pub overdue: u64,
}

impl Verdict {
    /// A call in a back-off coalesces into a run that no pace holds, and a flush ends every pace.
    pub(super) fn judge_pace(&mut self, history: &History<'_>, order: &[usize], asked: &[Vec<Asked>]) {
        let Some(Paced { pace, overdue }) = history.paced else { return };
        let cancels = self.tally[Event::Cancel] > 0;
        let (mut early, mut late, mut is_tried_again) = (0, 0, false);
        for (&index, asked) in order.iter().zip(asked) {
            let run = &history.log.runs()[index];
            let is_held = !run.flushed && !is_tried_again;
            is_tried_again = run.has_failed;
            let Some(soonest) = pace.soonest(asked, run.stamp, cancels).filter(|_| is_held) else { continue };
            self.paced += 1;
            early += u64::from(run.stamp < soonest);
            let first = asked.iter().map(|asked| asked.first_at).min().unwrap_or(run.stamp);
            // A call may have been cancelled long before the run that comes.
            late += u64::from(!cancels && run.stamp.saturating_sub(first) > overdue);
        }
        self.is_none(early, G1, "runs started before the delay after their first call was over");
        self.is_none(late, G5, "runs were held long after they were due");
    }
}
