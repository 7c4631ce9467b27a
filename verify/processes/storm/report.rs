//! The result, as tables.

use super::options::Options;
use super::story::{Fate, Life, SeatStory, Story};
use ::processes::judge::{Figures, Trial};
use ::processes::log::{Event, Nanos};
use comfy_table::{CellAlignment, Table};
use lab::rows::{self, Row};
use std::time::Duration;

/// Lines above, below and under the heading, and none between the rows.
const LINES: &str = "  ── ══      ──    ";

/// All that is reported of a storm.
pub struct Report<'s> {
    pub options: &'s Options,
    pub described: &'s str,
    pub trial: &'s Trial,
    pub story: &'s Story,
    pub figures: &'s Figures,
    pub guarantees: &'s [Row],
    pub lasted: Duration,
}

impl Report<'_> {
    pub fn as_text(&self) -> String {
        let held = rows::sentence(self.guarantees);
        format!(
            "{}\n{}\n{:.2} s\n\n{}\n\n{}\n\n{}\n\n{}\n\n{held}",
            self.described,
            self.which(),
            self.lasted.as_secs_f64(),
            self.seats_table(),
            self.runs_table(),
            self.times_table(),
            rows::table(self.guarantees),
        )
    }

    /// Says whether the storm was in memory or of processes.
    fn which(&self) -> String {
        let count = self.options.processes;
        if self.options.is_alone() {
            format!(
                "In memory: {count} front ends in threads of this one process, which cannot be killed. Processes need \
                 --driver shm:PATH or --driver redis://HOST:PORT/NAME."
            )
        } else {
            format!(
                "Processes: {count} at a time, started by this program; a kill is SIGKILL, a stop is SIGSTOP for longer \
                 than the lease and then SIGCONT."
            )
        }
    }

    fn seats_table(&self) -> Table {
        let mut table = Table::new();
        table.load_preset(LINES);
        table.set_header([
            self.options.row(),
            "lives",
            "stops",
            "calls",
            "covered by others",
            "runs",
            "takeovers",
            "superseded",
            "died in a run",
            "died as owner",
        ]);
        let rows: Vec<[usize; 9]> =
            self.story.seats.iter().enumerate().map(|(seat, of)| self.seat(seat, of)).collect();
        for (seat, row) in rows.iter().enumerate() {
            let cells = row.iter().map(|&count| grouped(count as u64));
            table.add_row(std::iter::once((seat + 1).to_string()).chain(cells));
        }
        let sums = (0..9).map(|column| grouped(rows.iter().map(|row| row[column] as u64).sum()));
        table.add_row(std::iter::once("all".to_owned()).chain(sums));
        align(table, 1)
    }

    fn seat(&self, seat: usize, of: &SeatStory) -> [usize; 9] {
        let runs = |of_kind: fn(&super::story::RunStory) -> bool| {
            self.story.runs_of(seat).filter(|run| of_kind(run)).count()
        };
        let is_other =
            |life: &Life| life.calls.iter().filter(|call| call.by.is_some_and(|by| by != life.who)).count();
        [
            of.lives.len(),
            of.stops.len(),
            of.lives.iter().map(|life| life.calls.len()).sum(),
            of.lives.iter().map(is_other).sum(),
            runs(|_| true),
            runs(|run| run.is_takeover),
            runs(|run| run.fate == Fate::Superseded),
            runs(|run| run.fate == Fate::CutShort),
            of.lives.iter().filter(|life| life.died_as_owner).count(),
        ]
    }

    fn runs_table(&self) -> Table {
        let figures = self.figures;
        let mut table = Table::new();
        table.load_preset(LINES);
        let mut line = |what: &str, value: String, note: &str| {
            table.add_row([what, &value, note]);
        };
        let count = |count: usize| grouped(count as u64);
        line("calls", count(figures.calls), "");
        line(
            "  of those, not covered",
            count(figures.lost),
            "lost with their process; if the process lived on, that breaks C3",
        );
        line("runs", count(figures.runs), "");
        line(
            "  cut short",
            count(figures.cut_short),
            "their process was killed in them: they cover no calls",
        );
        line("  superseded", count(figures.superseded), "longer than the lease: they cover no calls");
        line(
            "  needless",
            count(figures.needless),
            "no call since the start of the run before, which covers all others",
        );
        line(
            "  taken over",
            count(figures.takeovers),
            "made pending by another process, which was late or had died",
        );
        let dead = self.story.runs.iter().filter(|run| run.is_from_the_dead).count();
        line("    from one that had died", count(dead), "");
        line("shortest gap between two starts", self.shortest_gap(), "by their stamps: decides C1");
        line(
            "the same seen from inside the runs",
            figures.closest.map_or_else(|| "-".to_owned(), |gap| format!("{} ns", grouped(gap))),
            "not judged: a run that is scheduled late shortens it",
        );
        line(
            "commands to the register",
            grouped(figures.commands),
            "of processes that ended by themselves; one per run asks whether it is current",
        );
        line("  per window and process", self.commands_per_window(), "however many calls there are");
        table_of_values(table)
    }

    fn shortest_gap(&self) -> String {
        let gaps = self.story.runs.windows(2).map(|pair| pair[1].epoch - pair[0].epoch);
        gaps.min().map_or_else(|| "-".to_owned(), |gap| format!("{} ns", grouped(gap)))
    }

    fn commands_per_window(&self) -> String {
        let lasted = |log: &processes::judge::ProcessLog| {
            let (first, last) = (log.records.first()?, log.records.last()?);
            matches!(last.event, Event::Closed { .. }).then_some(last.at - first.at)
        };
        let lived: Nanos = self.trial.logs.iter().filter_map(lasted).sum();
        let windows = Duration::from_nanos(lived).as_secs_f64()
            / Duration::from_nanos(self.trial.threshold).as_secs_f64();
        #[allow(clippy::cast_precision_loss, reason = "one decimal is shown")]
        let commands = self.figures.commands as f64;
        if windows > 0.0 { format!("{:.1}", commands / windows) } else { "-".to_owned() }
    }

    fn times_table(&self) -> Table {
        let mut table = Table::new();
        table.load_preset(LINES);
        table.set_header(["how long", "times", "median", "p99", "max"]);
        let apart = if self.trial.ahead.is_some() { "" } else { " (unknown: the clocks did not run alike)" };
        let start = format!("from the moment a pending run is due to its start{apart}");
        table.add_row(row(&start, &self.figures.to_start));
        table.add_row(row(
            "from a kill of the runner or the owner to the next start",
            &self.figures.to_takeover,
        ));
        align(table, 1)
    }
}

fn align(mut table: Table, from: usize) -> Table {
    for column in table.column_iter_mut().skip(from) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn table_of_values(mut table: Table) -> Table {
    if let Some(column) = table.column_mut(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn row(name: &str, times: &[Nanos]) -> Vec<String> {
    let mut times = times.to_vec();
    times.sort_unstable();
    let mut row = vec![name.to_owned(), grouped(times.len() as u64)];
    match times.last() {
        Some(max) => row.extend([quantile(&times, 50), quantile(&times, 99), *max].map(time)),
        None => row.extend(["-", "-", "-"].map(str::to_owned)),
    }
    row
}

/// The smallest of the sorted times that this share of them does not exceed.
fn quantile(times: &[Nanos], percent: usize) -> Nanos {
    times[(times.len() * percent).div_ceil(100).saturating_sub(1)]
}

/// Nanoseconds in a suitable unit.
fn time(nanos: Nanos) -> String {
    #[allow(clippy::cast_precision_loss, reason = "six digits are shown")]
    let value = nanos as f64;
    match nanos {
        0..10_000 => format!("{} ns", grouped(nanos)),
        10_000..10_000_000 => format!("{:.3} µs", value / 1e3),
        10_000_000..10_000_000_000 => format!("{:.3} ms", value / 1e6),
        _ => format!("{:.3} s", value / 1e9),
    }
}

/// With a comma before every third digit.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{grouped, quantile, time};

    #[test]
    fn groups_by_three_and_chooses_the_unit() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
        for (nanos, text) in [(9_999, "9,999 ns"), (20_000_001, "20.000 ms"), (u64::MAX, "18446744073.710 s")]
        {
            assert_eq!(time(nanos), text);
        }
    }

    #[test]
    fn a_quantile_is_one_of_the_times() {
        let hundred: Vec<u64> = (1..=100).collect();
        assert_eq!([1, 50, 99, 100].map(|percent| quantile(&hundred, percent)), [1, 50, 99, 100]);
        assert_eq!(quantile(&[7], 50), 7);
        assert_eq!(quantile(&[7, 9], 99), 9);
    }
}
