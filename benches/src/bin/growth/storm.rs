//! Threads that call without a pause, through many short windows: how many runs they cause. The lab performs
//! such a storm, and judges it.

use crate::runs::Runs;
use clap::Parser;
use evidence::Guarantee::{G1, G2};
use indicatif::ProgressBar;
use lab::front::{Background, Blocking, Front};
use lab::options::Options;
use lab::record::RunLog;
use lab::whole::{self, Whole};
use std::time::Duration;

pub const THRESHOLD: Duration = Duration::from_millis(2);

/// `Throttle::run`: one of the threads waits, the others coalesce.
pub fn blocking(threads: u64, windows: u32) -> Result<Runs, String> {
    perform::<Blocking>("--front blocking", threads, windows)
}

/// `Throttled::trigger`: every thread coalesces, and a thread of its own runs.
pub fn background(threads: u64, windows: u32) -> Result<Runs, String> {
    perform::<Background>("--front background", threads, windows)
}

fn perform<F: Front>(arguments: &str, threads: u64, windows: u32) -> Result<Runs, String> {
    let seconds = (THRESHOLD * windows).as_secs_f64();
    let nanos = THRESHOLD.as_nanos();
    let line = format!(
        "storm {arguments} --threads {threads} --threshold {nanos}ns --seconds {seconds} --memory 16"
    );
    let options = Options::try_parse_from(line.split_whitespace()).map_err(|why| why.to_string())?;
    whole::perform::<F>(&options, &ProgressBar::hidden()).map(|whole| runs(&whole))
}

/// The runs of the storm: at most one in each window. What the judge found is too much or lost.
fn runs(whole: &Whole) -> Runs {
    let mut stamps: Vec<u64> = whole.logs.iter().flat_map(RunLog::runs).map(|run| run.stamp).collect();
    stamps.sort_unstable();
    // Without those that no thread has called for.
    let started = whole.verdict.runs.saturating_sub(whole.in_the_end);
    stamps.truncate(usize::try_from(started).unwrap_or(usize::MAX));
    let spanned = stamps.first().zip(stamps.last()).map(|(first, last)| last - first);
    let is_spacing = |guarantee| matches!(guarantee, G1 | G2);
    let broken = &whole.verdict.broken;
    let too_many = broken.iter().filter(|broken| is_spacing(broken.guarantee)).count();
    Runs {
        // The last run has a window, too.
        windows: spanned.map_or(0, |spanned| spanned / whole.threshold.max(1) + 1),
        started,
        too_many: too_many as u64,
        lost: whole.verdict.uncovered.max((broken.len() - too_many) as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::{Runs, background, blocking, perform};
    use lab::front::{Background, Blocking};

    #[test]
    fn no_run_is_too_near_and_none_is_lost() {
        let storms: [fn() -> Result<Runs, String>; 3] =
            [|| blocking(1, 3), || blocking(4, 3), || background(4, 3)];
        for storm in storms {
            // A machine that is busy may let none of the threads run within so few milliseconds.
            let has_run = (0..1000).any(|_| {
                let runs = storm().unwrap();
                assert_eq!(runs.fault(), None);
                assert!(runs.started <= runs.windows, "{runs:?}");
                runs.started >= 1
            });
            assert!(has_run, "no storm of a thousand has a run");
        }
    }

    /// Whether one of many storms with this fault shows it.
    fn is_seen(storm: impl Fn() -> Result<Runs, String>, shows: fn(&Runs) -> bool) -> bool {
        (0..1000).any(|_| shows(&storm().unwrap()))
    }

    #[test]
    fn a_start_inside_a_window_is_seen() {
        let early = "--front background --flush-every 100 --plant early";
        assert!(is_seen(|| perform::<Background>(early, 4, 3), |runs| runs.too_many > 0));
        evidence::caught("two starts nearer than a window", "growth: the stamps of all runs are compared");
    }

    #[test]
    fn a_call_that_no_run_covers_is_seen() {
        let late = "--front blocking --plant late";
        assert!(is_seen(|| perform::<Blocking>(late, 4, 3), |runs| runs.lost > 0));
        evidence::caught("a call that no run covers", "growth: each promise is compared with the runs");
    }
}
