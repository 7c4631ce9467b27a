//! Compares what is counted with what is recorded.

use super::record::{Paths, Record};
use comfy_table::{CellAlignment, Table, presets};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// How many instructions a path may gain unnoticed: a share of the recorded number, rounded down, and a few
/// more.
#[derive(Clone, Copy)]
pub struct Slack {
    one_in: u64,
    more: u64,
}

impl Slack {
    /// The same compiler turns the same source into the same instructions. Below 50 instructions, 2 % is
    /// none.
    pub const SAME_COMPILER: Self = Self { one_in: 50, more: 0 };
    /// Another compiler inlines and allocates registers in another way, so only gross changes show.
    const OTHER_COMPILER: Self = Self { one_in: 10, more: 3 };

    /// The most that passes for `recorded`.
    pub fn limit(self, recorded: u64) -> u64 {
        recorded + recorded / self.one_in + self.more
    }
}

struct Row<'c> {
    path: &'c str,
    recorded: Option<u64>,
    now: Option<u64>,
}

pub struct Comparison<'c> {
    rows: Vec<Row<'c>>,
    slack: Slack,
    /// Both compilers, if they differ.
    compilers: Option<String>,
}

const RENEW: &str = "`cargo xtask instructions --record` renews the record";

impl<'c> Comparison<'c> {
    pub fn new(record: &'c Record, now: &'c Paths, rustc: &str) -> Self {
        let paths: BTreeSet<_> = record.paths.keys().chain(now.keys()).collect();
        let of = |counts: &Paths, path| counts.get(path).copied();
        let row = |path: &'c String| Row { path, recorded: of(&record.paths, path), now: of(now, path) };
        let same = record.rustc == rustc;
        Self {
            rows: paths.into_iter().map(row).collect(),
            slack: if same { Slack::SAME_COMPILER } else { Slack::OTHER_COMPILER },
            compilers: (!same).then(|| format!("recorded with {}, counted with {rustc}", record.rustc)),
        }
    }

    /// Every path, and the references. These are not recorded, because they belong to the system and the
    /// bench.
    pub fn table(&self, references: &Paths) -> Table {
        let mut table = Table::new();
        table.load_preset(presets::ASCII_MARKDOWN);
        table.set_header(["path", "recorded", "now", "difference"]);
        let number = |count: Option<u64>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
        for (path, now) in references {
            table.add_row([format!("({path})"), number(None), now.to_string(), String::new()]);
        }
        for Row { path, recorded, now } in &self.rows {
            let difference = match (recorded, now) {
                (Some(recorded), Some(now)) if recorded != now => {
                    format!("{:+}", i128::from(*now) - i128::from(*recorded))
                }
                _ => String::new(),
            };
            table.add_row([(*path).to_owned(), number(*recorded), number(*now), difference]);
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }

    /// What is wrong, if anything is.
    pub fn faults(&self) -> Option<String> {
        let fault = |row: &Row| {
            let path = row.path;
            match (row.recorded, row.now) {
                (Some(recorded), Some(now)) if now > self.slack.limit(recorded) => Some(format!(
                    "{path} takes {now} instructions, and {recorded} are recorded: at most {} pass",
                    self.slack.limit(recorded)
                )),
                (None, Some(now)) => Some(format!("{path} takes {now} instructions, and is not recorded")),
                (Some(_), None) => Some(format!("{path} is recorded, and was not counted")),
                _ => None,
            }
        };
        let faults: Vec<_> = self.rows.iter().filter_map(fault).collect();
        if faults.is_empty() {
            return None;
        }
        let mut text = format!("instructions: {}\n", faults.join("\n              "));
        if let Some(compilers) = &self.compilers {
            // Writing to a `String` cannot fail.
            let _ = writeln!(text, "That may be the compiler: {compilers}.");
        }
        let _ = write!(text, "If it is meant to be so, {RENEW}.");
        Some(text)
    }

    /// The paths whose counts have fallen. Their record should follow, or they could rise again unnoticed.
    pub fn advice(&self) -> Option<String> {
        let has_fallen = |row: &&Row| matches!((row.recorded, row.now), (Some(old), Some(now)) if now < old);
        let fallen: Vec<_> = self.rows.iter().filter(has_fallen).map(|row| row.path).collect();
        (!fallen.is_empty()).then(|| format!("fewer than recorded: {}. {RENEW}.", fallen.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUSTC: &str = "rustc 1";

    fn paths(counts: &[(&str, u64)]) -> Paths {
        counts.iter().map(|(path, count)| ((*path).to_owned(), *count)).collect()
    }

    fn record(counts: &[(&str, u64)]) -> Record {
        Record { target: "x86_64-linux".to_owned(), rustc: RUSTC.to_owned(), paths: paths(counts) }
    }

    /// The remark on a path that took `recorded`, and now takes `now`.
    fn said(recorded: u64, now: u64, rustc: &str) -> (Option<String>, Option<String>) {
        let (record, now) = (record(&[("a", recorded)]), paths(&[("a", now)]));
        let comparison = Comparison::new(&record, &now, rustc);
        (comparison.faults(), comparison.advice())
    }

    #[test]
    fn one_instruction_more_in_a_short_path_is_a_fault() {
        assert_eq!(said(9, 9, RUSTC), (None, None));
        let fault = said(9, 10, RUSTC).0.expect("one more");
        assert!(fault.contains("a takes 10 instructions, and 9 are recorded"), "{fault}");
        assert!(fault.contains("--record") && !fault.contains("compiler"), "{fault}");
    }

    #[test]
    fn a_long_path_may_gain_two_percent() {
        assert_eq!(said(150, 153, RUSTC).0, None);
        assert!(said(150, 154, RUSTC).0.is_some());
    }

    #[test]
    fn another_compiler_may_add_a_tenth_and_three_and_is_named_where_that_is_not_enough() {
        assert_eq!((said(9, 12, "rustc 2").0, said(100, 113, "rustc 2").0), (None, None));
        assert!(said(100, 114, "rustc 2").0.is_some());
        let fault = said(9, 13, "rustc 2").0.expect("four more");
        assert!(fault.contains("recorded with rustc 1, counted with rustc 2"), "{fault}");
    }

    #[test]
    fn fewer_are_no_fault_but_are_told() {
        let (fault, advice) = said(9, 8, RUSTC);
        assert_eq!(fault, None);
        assert!(advice.expect("one fewer").contains("fewer than recorded: a"));
    }

    #[test]
    fn a_path_without_a_record_and_a_record_without_a_path_are_faults() {
        let (record, now) = (record(&[("gone", 9), ("here", 9)]), paths(&[("here", 9), ("new", 7)]));
        let fault = Comparison::new(&record, &now, RUSTC).faults().expect("two of them");
        assert!(fault.contains("gone is recorded, and was not counted"), "{fault}");
        assert!(fault.contains("new takes 7 instructions, and is not recorded"), "{fault}");
        assert!(!fault.contains("here"), "{fault}");
    }

    #[test]
    fn the_table_shows_each_path_and_each_reference() {
        let (record, now) =
            (record(&[("a", 9), ("b", 5), ("gone", 1)]), paths(&[("a", 11), ("b", 5), ("c", 2)]));
        let table = Comparison::new(&record, &now, RUSTC).table(&paths(&[("empty", 2)])).to_string();
        let rows: Vec<_> = table.lines().map(|line| line.split('|').map(str::trim).collect()).collect();
        let row = |name: &str, recorded: &str, now: &str, difference: &str| {
            let cells: Vec<_> = ["", name, recorded, now, difference, ""].to_vec();
            assert!(rows.contains(&cells), "{name}:\n{table}");
        };
        row("(empty)", "-", "2", "");
        row("a", "9", "11", "+2");
        row("b", "5", "5", "");
        row("c", "-", "2", "");
        row("gone", "1", "-", "");
    }
}
