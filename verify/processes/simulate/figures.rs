//! The figures that a simulation shows.

use crate::simulation::{Observations, Parameters};
use core::time::Duration;
use lab::table::{self, Table, digits};

const TEN_MILLISECONDS: Duration = Duration::from_millis(10);

/// The figures of one simulation.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    pub processes: usize,
    pub jitter: bool,
    pub runs: usize,
    pub runs_per_window: f64,
    pub commands_per_second: f64,
    /// The most commands within any ten milliseconds.
    pub peak: usize,
    pub longest_queue: Duration,
    pub commands_per_window_and_process: f64,
    /// Median and 99th percentile.
    pub late: [Duration; 2],
    pub covered: [Duration; 2],
}

impl Figures {
    pub fn of(model: &Parameters, observed: &Observations) -> Self {
        let commands = observed.commands.len() as f64;
        let windows = f64::from(model.windows);
        Self {
            processes: model.processes,
            jitter: model.jitter,
            runs: observed.starts.len(),
            runs_per_window: observed.starts.len() as f64 / windows,
            commands_per_second: commands / observed.lasted.as_secs_f64(),
            peak: most_within(&observed.commands, TEN_MILLISECONDS),
            longest_queue: observed.longest_queue,
            commands_per_window_and_process: commands / windows / model.processes as f64,
            late: percentiles(&observed.late),
            covered: percentiles(&observed.covered),
        }
    }
}

/// The highest number of `times`, which ascend, within any `span`.
pub fn most_within(times: &[Duration], span: Duration) -> usize {
    let mut first = 0;
    let mut most = 0;
    for (last, time) in times.iter().enumerate() {
        while time.saturating_sub(times[first]) >= span {
            first += 1;
        }
        most = most.max(last + 1 - first);
    }
    most
}

fn percentiles(times: &[Duration]) -> [Duration; 2] {
    table::quantiles(times.iter().copied(), [0.5, 0.99]).unwrap_or_default()
}

pub fn table(rows: &[Figures]) -> Table {
    let mut table = table::markdown();
    table.set_header([
        "processes",
        "looks",
        "runs per window",
        "commands/s",
        "most in 10 ms",
        "longest queue",
        "commands per window and process",
        "deadline to start, p50 / p99",
        "call to covered, p50 / p99",
    ]);
    for row in rows {
        let both = |[half, most]: [Duration; 2]| format!("{} / {}", table::time(half), table::time(most));
        table.add_row([
            row.processes.to_string(),
            String::from(if row.jitter { "spread" } else { "at once" }),
            digits(row.runs_per_window),
            digits(row.commands_per_second),
            row.peak.to_string(),
            table::time(row.longest_queue),
            digits(row.commands_per_window_and_process),
            both(row.late),
            both(row.covered),
        ]);
    }
    table::figures_from(0, table)
}
