//! Shows what is being measured, and the time left: a bar on a terminal, otherwise a line now and then.

use benches::notice;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

/// How much longer than its time a measurement takes, because threads start and end.
const AROUND: Duration = Duration::from_millis(4);
/// The time between two lines.
const NOW_AND_THEN: Duration = Duration::from_secs(15);

pub struct Progress {
    /// `None` without a terminal.
    bar: Option<ProgressBar>,
    steps: usize,
    done: usize,
    noticed: Instant,
}

/// How long this many measurements take.
pub fn estimate(steps: usize, time: Duration) -> Duration {
    (time + AROUND) * u32::try_from(steps).unwrap_or(u32::MAX)
}

impl Progress {
    pub fn new(steps: usize) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{wide_bar} {percent:>3} %, {eta} left\n{msg}");
            let bar = ProgressBar::new(u64::try_from(steps).unwrap_or(u64::MAX));
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self { bar, steps, done: 0, noticed: Instant::now() }
    }

    /// A measurement begins.
    pub fn begins(&mut self, what: String) {
        if let Some(bar) = &self.bar {
            bar.set_message(what);
        } else if self.noticed.elapsed() >= NOW_AND_THEN {
            self.noticed = Instant::now();
            notice(format_args!("{} % measured; {what}", self.done * 100 / self.steps.max(1)));
        }
    }

    /// That measurement has ended.
    pub fn ended(&mut self) {
        self.done += 1;
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimate_grows_with_the_steps() {
        assert_eq!(estimate(100, Duration::from_millis(6)), Duration::from_secs(1));
    }
}
