//! The figures that a simulation shows.

use crate::simulation::{Observations, Parameters};
use comfy_table::{CellAlignment, Table};
use core::time::Duration;

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
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    [50, 99].map(|percent| sorted.get(sorted.len() * percent / 100).copied().unwrap_or_default())
}

pub fn table(rows: &[Figures]) -> Table {
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::ASCII_MARKDOWN);
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
        let both = |[half, most]: [Duration; 2]| format!("{} / {} ms", millis(half), millis(most));
        table.add_row([
            row.processes.to_string(),
            String::from(if row.jitter { "spread" } else { "at once" }),
            format!("{:.2}", row.runs_per_window),
            format!("{:.1}", row.commands_per_second),
            row.peak.to_string(),
            format!("{} ms", millis(row.longest_queue)),
            format!("{:.2}", row.commands_per_window_and_process),
            both(row.late),
            both(row.covered),
        ]);
    }
    table.column_iter_mut().for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    table
}

fn millis(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1000.0)
}
