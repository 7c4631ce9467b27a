//! The tables for a terminal, and the report as Markdown.

use crate::report::{LIMITS, Report};
use crate::tables::{CALLS_PER_SECOND, Table, star};
use lab::table::{Table as Drawn, figures_from, plain};
use std::fmt::Write as _;

/// The most important tables for a terminal. It has the latency of as many threads as there are cores, and of
/// the most.
pub fn terminal(report: &Report) -> String {
    let mut text = String::new();
    let cores = report.threads.iter().rfind(|threads| **threads <= report.machine.cores);
    let mut counts: Vec<usize> = cores.into_iter().chain(report.threads.last()).copied().collect();
    counts.dedup();
    for &scenario in &report.scenarios {
        let throughputs =
            report.throughputs(scenario).into_iter().filter(|table| !table.title.contains(CALLS_PER_SECOND));
        let latencies = counts.iter().map(|threads| report.latencies(scenario, *threads));
        for table in throughputs.chain(latencies) {
            // Writing to a `String` cannot fail.
            let _ = writeln!(text, "{}\n{}\n", table.title, drawn(&table));
        }
    }
    let _ = writeln!(text, "{}", star(report.machine.cores));
    text
}

fn drawn(table: &Table) -> Drawn {
    let mut drawn = plain();
    drawn.set_header(&table.head);
    drawn.add_rows(table.rows.iter().map(|row| {
        let mark = if row.ours { "> " } else { "  " };
        let mut cells = row.cells.clone();
        cells[0].insert_str(0, mark);
        cells
    }));
    figures_from(1, drawn)
}

pub fn markdown(report: &Report) -> String {
    let mut text =
        "# Contention\n\n![Time per call by threads, a panel for each scenario](contention.svg)\n\n"
            .to_owned();
    let mut line = |words: &str| {
        text.push_str(words);
        text.push('\n');
    };
    if let Some(warning) = report.machine.warning() {
        line(&format!("**{warning}**\n"));
    }
    line("| machine | |\n|---|---|");
    for (name, value) in report.machine.lines() {
        line(&format!("| {name} | {} |", escaped(&value)));
    }
    line("\n## What each promises\n");
    line(&rows(&report.promises(), false));
    line("## Throughput\n");
    for &scenario in &report.scenarios {
        line(&format!("### {}\n\n{}.\n", scenario.name(), scenario.story()));
        for table in report.throughputs(scenario) {
            line(&format!("{}\n\n{}", table.title, rows(&table, true)));
        }
    }
    line(&format!("\\{}\n\n## Latency\n", star(report.machine.cores)));
    for &scenario in &report.scenarios {
        for threads in &report.threads {
            let table = report.latencies(scenario, *threads);
            line(&format!("{}\n\n{}", table.title, rows(&table, true)));
        }
    }
    line("## How it was measured\n");
    for paragraph in report.method() {
        line(&format!("{paragraph}\n"));
    }
    line("## What these figures cannot show\n");
    for limit in LIMITS {
        line(&format!("- {limit}"));
    }
    text
}

fn rows(table: &Table, numbers: bool) -> String {
    let mut text = format!("| {} |\n|---|", table.head.join(" | ").replace('*', "\\*"));
    text.push_str(&if numbers { "--:|" } else { "---|" }.repeat(table.head.len() - 1));
    text.push('\n');
    for row in &table.rows {
        let mut cells: Vec<String> = row.cells.iter().map(|cell| escaped(cell)).collect();
        if row.ours {
            cells[0] = format!("**{}**", cells[0]);
        }
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}

/// A bar would end the cell, so it is escaped.
fn escaped(cell: &str) -> String {
    cell.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::usual;

    #[test]
    fn the_terminal_shows_each_scenario_and_contestant() {
        let report = usual();
        let text = terminal(&report);
        for &scenario in &report.scenarios {
            assert!(
                text.contains(&format!("{}: ns per call and thread (x", scenario.name())),
                "{scenario:?}"
            );
        }
        assert!(report.contestants.iter().all(|it| text.contains(it.name)));
        for row in ["> Throttle::run", "8 threads *", "4.00 ms", "a window of 1 ms: runs per second", "waits"]
        {
            assert!(text.contains(row), "{row}");
        }
    }

    #[test]
    fn the_rows_of_markdown_are_as_long_as_their_heads() {
        let text = markdown(&usual());
        let cells = |line: &str| line.replace("\\|", "").matches('|').count();
        let mut tables = 0;
        for table in text.split("\n\n").filter(|block| block.starts_with('|')) {
            tables += 1;
            let head = table.lines().next().map(cells);
            assert!(
                table.lines().count() > 2 && table.lines().all(|line| Some(cells(line)) == head),
                "{table}"
            );
        }
        // The machine, the promises, throughput, and latency by threads.
        assert_eq!(tables, 1 + 1 + (2 + 2 + 4 + 3) + 4 * 4);
        for (heading, what) in
            [("### coalesced", "scenario"), ("| **Throttle::try_run** |", "ours"), ("| yes |", "promise")]
        {
            assert!(text.contains(heading), "{what}");
        }
    }

    #[test]
    fn a_machine_that_was_not_quiet_is_told_of() {
        let mut report = usual();
        assert!(!markdown(&report).contains("not quiet"));
        report.machine.load = 9.0;
        assert!(markdown(&report).contains("not quiet"));
    }
}
