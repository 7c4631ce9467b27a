//! The result, as tables.

use super::options::Options;
use super::story::{Fate, Life, SeatStory, Story};
use ::processes::judge::{Figures, Trial};
use ::processes::log::{Event, Nanos};
use lab::rows::{self, Row};
use lab::table::{self, NONE, Table, count, figures_from, figures_in, plain};
use std::time::Duration;

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
        let mut table = plain();
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
            let cells = row.iter().map(|&number| count(number));
            table.add_row(std::iter::once((seat + 1).to_string()).chain(cells));
        }
        let sums = (0..9).map(|column| count(rows.iter().map(|row| row[column]).sum::<usize>()));
        table.add_row(std::iter::once("all".to_owned()).chain(sums));
        figures_from(1, table)
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
        let mut table = plain();
        let mut line = |what: &str, value: String, note: &str| {
            table.add_row([what, &value, note]);
        };
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
            figures.closest.map_or_else(|| NONE.to_owned(), |gap| format!("{} ns", count(gap))),
            "not judged: a run that is scheduled late shortens it",
        );
        line(
            "commands to the register",
            count(figures.commands),
            "of processes that ended by themselves; one per run asks whether it is current",
        );
        line("  per window and process", self.commands_per_window(), "however many calls there are");
        figures_in(1, table)
    }

    fn shortest_gap(&self) -> String {
        let gaps = self.story.runs.windows(2).map(|pair| pair[1].epoch - pair[0].epoch);
        gaps.min().map_or_else(|| NONE.to_owned(), |gap| format!("{} ns", count(gap)))
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
        if windows > 0.0 { table::digits(commands / windows) } else { NONE.to_owned() }
    }

    fn times_table(&self) -> Table {
        let mut table = plain();
        table.set_header(["how long", "times", "median", "p99", "max"]);
        let apart = if self.trial.ahead.is_some() { "" } else { " (unknown: the clocks did not run alike)" };
        let start = format!("from the moment a pending run is due to its start{apart}");
        table.add_row(row(&start, &self.figures.to_start));
        table.add_row(row(
            "from a kill of the runner or the owner to the next start",
            &self.figures.to_takeover,
        ));
        figures_from(1, table)
    }
}

fn row(name: &str, times: &[Nanos]) -> Vec<String> {
    let known = table::quantiles(times.iter().copied().map(Duration::from_nanos), [0.5, 0.99, 1.0]);
    let cells = known.map_or([NONE; 3].map(str::to_owned), |times| times.map(table::time));
    [name.to_owned(), count(times.len())].into_iter().chain(cells).collect()
}
