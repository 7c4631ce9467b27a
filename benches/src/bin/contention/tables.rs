//! The figures as tables, ready for the terminal, Markdown and HTML.

use crate::contestants::{Contestant, Role};
use crate::figures::{Place, QUANTILES};
use crate::report::Report;
use benches::promises::{Promise, Promises};
use lab::table::{self, NONE, digits};
use measure_options::contention::Scenario;

pub struct Table {
    pub title: String,
    pub head: Vec<String>,
    pub rows: Vec<Row>,
}

pub struct Row {
    pub ours: bool,
    /// As many cells as the head has.
    pub cells: Vec<String>,
}

/// The title of the table that repeats what ns per call and thread say.
pub const CALLS_PER_SECOND: &str = "millions of calls per second";

impl Report {
    /// The tables of one scenario, without latencies.
    pub fn throughputs(&self, scenario: Scenario) -> Vec<Table> {
        let reference = self.yardstick(scenario);
        let nanos = self.by_threads(
            format!("{}: ns per call and thread (x {})", scenario.name(), scenario.yardstick()),
            scenario,
            |place, contestant| match (self.figures.nanos(place), self.figures.ratio(place, reference)) {
                (Some(time), Some(ratio)) => format!("{} ({})", nanos(time), table::ratio(ratio)),
                (Some(time), None) => nanos(time),
                (None, _) if contestant.waiting(scenario) >= place.threads => "waits".to_owned(),
                (None, _) => NONE.to_owned(),
            },
        );
        let calls = self.by_threads(
            format!("{}: {CALLS_PER_SECOND}, all threads together", scenario.name()),
            scenario,
            |place, _| {
                self.figures.calls_per_second(place).map_or(NONE.to_owned(), |calls| digits(calls / 1e6))
            },
        );
        let mut tables = vec![nanos];
        tables.extend(self.ran(scenario));
        tables.extend((scenario == Scenario::Admitted).then(|| self.per_run()));
        tables.push(calls);
        tables
    }

    /// What a run costs where calls may be refused or covered by other runs.
    fn per_run(&self) -> Table {
        let title = "admitted: ns per run and thread".to_owned();
        without_limits(self.by_threads(title, Scenario::Admitted, |place, _| {
            self.figures.nanos_per_run(place).map_or(NONE.to_owned(), nanos)
        }))
    }

    /// How many calls ran, in scenarios in which any may run.
    fn ran(&self, scenario: Scenario) -> Option<Table> {
        let title = match scenario {
            Scenario::Coalesced | Scenario::Refused => return None,
            Scenario::Admitted => "admitted: % of calls that ran",
            Scenario::Window => "a window of 1 ms: runs per second, of 1000 possible",
        };
        let table = self.by_threads(title.to_owned(), scenario, |place, contestant| {
            let share = match scenario {
                Scenario::Window => self.figures.of_possible(place).map(|share| share * 1000.0),
                _ => self.figures.ran(place).map(|share| share * 100.0),
            };
            let share = share.filter(|_| contestant.role != Role::Limit);
            share.map_or(NONE.to_owned(), |share| {
                if share > 0.0 && share < 10.0 { format!("{share:.2}") } else { format!("{share:.0}") }
            })
        });
        Some(without_limits(table))
    }

    /// How long calls took with this many threads.
    pub fn latencies(&self, scenario: Scenario, threads: usize) -> Table {
        let row = |(contestant, it): (usize, &Contestant)| {
            let figures = self.figures.latency(Self::place(scenario, contestant, threads));
            let cells = (0..QUANTILES.len()).map(|which| figures[which].map_or(NONE.to_owned(), nanos));
            row(it, cells)
        };
        Table {
            title: format!("{}: latency in ns, {}", scenario.name(), self.threads(threads)),
            head: head(QUANTILES.map(str::to_owned)),
            rows: self.entrants(scenario).map(row).collect(),
        }
    }

    /// What each contestant promises.
    pub fn promises(&self) -> Table {
        let row = |it: &Contestant| {
            let kept = Promise::ALL.map(|promise| promised(it.promises, promise));
            row(it, kept.into_iter().chain([it.note.to_owned()]))
        };
        let names = Promise::ALL.map(|promise| promise.name().to_owned());
        Table {
            title: "What each promises".to_owned(),
            head: head(names.into_iter().chain([String::new()])),
            rows: self.described().map(row).collect(),
        }
    }

    fn by_threads(
        &self,
        title: String,
        scenario: Scenario,
        cell: impl Fn(Place, &Contestant) -> String,
    ) -> Table {
        let rows = self.entrants(scenario).map(|(contestant, it)| {
            let places = self.threads.iter().map(|threads| Self::place(scenario, contestant, *threads));
            row(it, places.map(|place| cell(place, it)))
        });
        let counts = self.threads.iter().map(|threads| self.threads(*threads));
        Table { title, head: head(counts), rows: rows.collect() }
    }

    fn threads(&self, threads: usize) -> String {
        let plural = if threads == 1 { "" } else { "s" };
        let beyond = if threads > self.machine.cores { " *" } else { "" };
        format!("{threads} thread{plural}{beyond}")
    }
}

/// Leaves out the rows without any figure.
fn without_limits(mut table: Table) -> Table {
    table.rows.retain(|row| row.cells[1..].iter().any(|cell| cell != NONE));
    table
}

/// What the star in a head means.
pub fn star(cores: usize) -> String {
    let plural = if cores == 1 { "" } else { "s" };
    format!("* more threads than the {cores} core{plural}: they take turns, by time slices of the scheduler.")
}

fn head(names: impl IntoIterator<Item = String>) -> Vec<String> {
    std::iter::once(String::new()).chain(names).collect()
}

fn row(it: &Contestant, cells: impl IntoIterator<Item = String>) -> Row {
    let cells = std::iter::once(it.name.to_owned()).chain(cells).collect();
    Row { ours: it.role == Role::Ours, cells }
}

fn promised(promises: Promises, promise: Promise) -> String {
    let weaker = |weaker: &&Promise| promise == Promise::Spacing && !Promise::ALL.contains(weaker);
    if promises.0.contains(&promise) {
        "yes".to_owned()
    } else if let Some(weaker) = promises.0.iter().find(weaker) {
        weaker.name().to_owned()
    } else {
        NONE.to_owned()
    }
}

/// The unit only if it is not nanoseconds: the title names those.
fn nanos(time: f64) -> String {
    let text = table::nanos(time);
    text.strip_suffix(" ns").map_or_else(|| text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit_where_it_is_another() {
        assert_eq!([28.14, 1234.4, 12_345.0].map(nanos), ["28.1", "1234", "12.3 µs"]);
    }

    #[test]
    fn a_weaker_promise_stands_in_the_place_of_spacing() {
        let of = |promises| Promise::ALL.map(|promise| promised(promises, promise));
        assert_eq!(of(Promises::ALL), ["yes"; 4]);
        assert_eq!(of(Promises::NONE), [NONE; 4]);
        assert_eq!(of(Promises::RATE), ["a rate", NONE, NONE, NONE]);
        assert_eq!(of(Promises::LEADING), ["yes", "yes", NONE, NONE]);
    }
}
