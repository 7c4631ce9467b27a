//! Reads what `cargo bench` left behind and prints the ratios that count.
//!
//! The bench measures in rounds, and a ratio is taken within each round, between rows that ran within seconds
//! of each other; the table shows the median of these over the rounds. Rows that an older bench had are still
//! shown, because criterion keeps their files: remove its directory to forget them.

use serde_json::Value;
use statrs::statistics::{Data, OrderStatistics};
use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Each group with the row that its other rows are compared to.
const GROUPS: [(&str, &str); 20] = [
    ("coalesced", "fence + load"),
    ("refused", "Instant::now"),
    ("admitted", "Instant::now"),
    ("wake to run", "unpark"),
    ("coalesced, other front ends", "fence + load"),
    ("coalesced, cluster", "Throttled::trigger"),
    ("spawned", "tokio spawn"),
    ("keyed, refused, 1 keys", "governor, quanta clock"),
    ("keyed, refused, 1000 keys", "governor, quanta clock"),
    ("keyed, refused, 1000000 keys", "governor, quanta clock"),
    ("keyed, admitted, 1 keys", "governor, quanta clock"),
    ("keyed, admitted, 1000 keys", "governor, quanta clock"),
    ("keyed, pending, 1 keys", "fence + load"),
    ("keyed, pending, 1000 keys", "fence + load"),
    ("keyed, full, 1000 keys", "a known key"),
    ("keyed, full, 100000 keys", "a known key"),
    ("keyed, full, 1000000 keys", "a known key"),
    ("neighbours, coalesced", "alone"),
    ("neighbours, refused", "alone"),
    ("neighbours, admitted", "alone"),
];

/// The prefix by which the bench names a row that another thread contends for. The name of the same row alone
/// follows.
const CONTENDED: &str = "2 threads: ";

/// Nanoseconds of one row, by the name of its round.
type Rounds = BTreeMap<String, f64>;

/// The rows of one group, by name.
type Rows = BTreeMap<String, Rounds>;

/// Where criterion leaves its results: it looks at these variables, too.
pub fn folder(root: &Path) -> PathBuf {
    let builds = || env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let results = env::var_os("CRITERION_HOME").map(PathBuf::from);
    root.join(results.unwrap_or_else(|| Path::new(&builds()).join("criterion")))
}

/// The ratios as Markdown, one table for each group that was measured.
pub fn table(criterion_dir: &Path) -> Result<String, String> {
    let mut groups = BTreeMap::new();
    if criterion_dir.is_dir() {
        collect(criterion_dir, &mut groups)?;
    }
    let mut text = String::new();
    for (group, reference) in GROUPS {
        if let Some(rows) = groups.get(group) {
            write_group(&mut text, group, reference, rows);
        }
    }
    if text.is_empty() {
        return Err(format!("no results in {}: run `cargo bench` first", criterion_dir.display()));
    }
    Ok(text)
}

/// Finds the results below `dir` by their contents: criterion shortens and changes the names of the
/// directories.
fn collect(dir: &Path, groups: &mut BTreeMap<String, Rows>) -> Result<(), String> {
    let entries = fs::read_dir(dir).map_err(|error| format!("cannot list {}: {error}", dir.display()))?;
    for entry in entries {
        let path = entry.map_err(|error| format!("cannot list {}: {error}", dir.display()))?.path();
        if !path.is_dir() {
            continue;
        }
        // `base` beside `new` holds the run before.
        if path.ends_with("new") && path.join("benchmark.json").is_file() {
            add_row(&path, groups)?;
        } else {
            collect(&path, groups)?;
        }
    }
    Ok(())
}

fn add_row(dir: &Path, groups: &mut BTreeMap<String, Rows>) -> Result<(), String> {
    let benchmark = read(&dir.join("benchmark.json"))?;
    let (Some(group), Some(id)) = (benchmark["group_id"].as_str(), benchmark["function_id"].as_str()) else {
        return Ok(());
    };
    // Other benches have no rounds.
    let Some((round, row)) = id.split_once('/').filter(|(round, _)| round.starts_with("round-")) else {
        return Ok(());
    };
    let path = dir.join("estimates.json");
    let nanos = read(&path)?["median"]["point_estimate"]
        .as_f64()
        .ok_or_else(|| format!("no median.point_estimate in {}", path.display()))?;
    let rows = groups.entry(group.to_owned()).or_default();
    rows.entry(row.to_owned()).or_default().insert(round.to_owned(), nanos);
    Ok(())
}

fn read(path: &Path) -> Result<Value, String> {
    let text =
        fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("cannot parse {}: {error}", path.display()))
}

fn write_group(text: &mut String, group: &str, reference: &str, rows: &Rows) {
    let mut sorted: Vec<_> =
        rows.iter().map(|(row, rounds)| (row, rounds, median(rounds.values()))).collect();
    sorted.sort_by(|a, b| a.2.total_cmp(&b.2));
    if !text.is_empty() {
        text.push('\n');
    }
    // Writing to a `String` cannot fail.
    let _ =
        writeln!(text, "| {group} | ns | x {reference} | in rounds | x one thread |\n|---|--:|--:|--:|--:|");
    for (row, rounds, nanos) in sorted {
        let to_reference = ratios(rounds, rows.get(reference));
        let to_alone = ratios(rounds, row.strip_prefix(CONTENDED).and_then(|alone| rows.get(alone)));
        let (reference, alone) = (middle(&to_reference), middle(&to_alone));
        let _ = writeln!(text, "| {row} | {nanos:.2} | {reference} | {} | {alone} |", spread(&to_reference));
    }
}

/// The ratio within each round that they share.
fn ratios(rounds: &Rounds, to: Option<&Rounds>) -> Vec<f64> {
    let Some(to) = to else { return Vec::new() };
    rounds.iter().filter_map(|(round, nanos)| Some(nanos / to.get(round)?)).collect()
}

/// Empty if there are no values.
fn middle(ratios: &[f64]) -> String {
    if ratios.is_empty() { String::new() } else { format!("{:.2}", median(ratios)) }
}

/// The least and the greatest. Two rows cannot be told apart if their ratios overlap.
fn spread(ratios: &[f64]) -> String {
    let least = ratios.iter().copied().reduce(f64::min);
    let most = ratios.iter().copied().reduce(f64::max);
    least.zip(most).map_or_else(String::new, |(least, most)| format!("{least:.2} to {most:.2}"))
}

fn median<'v>(values: impl IntoIterator<Item = &'v f64>) -> f64 {
    Data::new(values.into_iter().copied().collect::<Vec<_>>()).median()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory that is removed at the end of its test.
    struct TempDir(PathBuf);

    impl TempDir {
        fn new(test: &str) -> Self {
            let dir = env::temp_dir().join(format!("ratios-{test}-{}", std::process::id()));
            fs::create_dir_all(&dir).unwrap();
            Self(dir)
        }

        /// The name of the directory says nothing about the row of its result.
        fn add(&self, dir: &str, group: &str, function: &str, nanos: f64) {
            let dir = self.0.join(dir);
            fs::create_dir_all(&dir).unwrap();
            let benchmark = serde_json::json!({ "group_id": group, "function_id": function });
            fs::write(dir.join("benchmark.json"), benchmark.to_string()).unwrap();
            let estimates = serde_json::json!({ "median": { "point_estimate": nanos } });
            fs::write(dir.join("estimates.json"), estimates.to_string()).unwrap();
        }
    }

    impl Drop for TempDir {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        let dir = TempDir::new("within");
        // The machine is ten times slower in the second round, and noisy in the third.
        let rounds = [(2.0, 2.2, 2.0), (20.0, 22.0, 30.0), (2.0, 5.0, 2.0)];
        for (index, (reference, row, contended)) in rounds.into_iter().enumerate() {
            let n = index + 1;
            dir.add(&format!("g/a{n}/new"), "coalesced", &format!("round-{n}/fence + load"), reference);
            dir.add(&format!("g/b{n}/new"), "coalesced", &format!("round-{n}/row"), row);
            dir.add(&format!("g/c{n}/new"), "coalesced", &format!("round-{n}/2 threads: row"), contended);
        }
        assert_eq!(
            table(&dir.0).unwrap(),
            "| coalesced | ns | x fence + load | in rounds | x one thread |\n\
             |---|--:|--:|--:|--:|\n\
             | 2 threads: row | 2.00 | 1.00 | 1.00 to 1.50 | 0.91 |\n\
             | fence + load | 2.00 | 1.00 | 1.00 to 1.00 |  |\n\
             | row | 5.00 | 1.10 | 1.10 to 2.50 |  |\n"
        );
    }

    #[test]
    fn groups_stand_in_their_order_each_with_its_reference() {
        let dir = TempDir::new("groups");
        dir.add("a/new", "admitted", "round-1/Instant::now", 25.0);
        dir.add("b/new", "admitted", "round-1/row", 30.0);
        dir.add("c/new", "refused", "round-1/a/b", 26.0);
        assert_eq!(
            table(&dir.0).unwrap(),
            "| refused | ns | x Instant::now | in rounds | x one thread |\n\
             |---|--:|--:|--:|--:|\n\
             | a/b | 26.00 |  |  |  |\n\
             \n\
             | admitted | ns | x Instant::now | in rounds | x one thread |\n\
             |---|--:|--:|--:|--:|\n\
             | Instant::now | 25.00 | 1.00 | 1.00 to 1.00 |  |\n\
             | row | 30.00 | 1.20 | 1.20 to 1.20 |  |\n"
        );
    }

    #[test]
    fn what_is_not_a_result_of_this_bench_is_passed_over() {
        let dir = TempDir::new("others");
        dir.add("a/new", "admitted", "round-1/row", 30.0);
        dir.add("a/base", "admitted", "round-1/row", 99.0);
        dir.add("b/new", "another", "round-1/row", 1.0);
        dir.add("c/new", "admitted", "no rounds", 1.0);
        fs::create_dir_all(dir.0.join("report")).unwrap();
        fs::write(dir.0.join("report/index.html"), "").unwrap();
        let text = table(&dir.0).unwrap();
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.ends_with("| row | 30.00 |  |  |  |\n"), "{text}");
    }

    #[test]
    fn a_result_that_is_missing_or_spoilt_is_an_error_that_names_it() {
        let dir = TempDir::new("errors");
        assert!(table(&dir.0).unwrap_err().contains("cargo bench"));
        let absent = table(&dir.0.join("absent")).unwrap_err();
        assert!(absent.contains("absent") && absent.contains("cargo bench"), "{absent}");
        dir.add("a/new", "admitted", "round-1/row", 30.0);
        fs::write(dir.0.join("a/new/estimates.json"), "{}").unwrap();
        assert!(table(&dir.0).unwrap_err().contains("median.point_estimate"));
        fs::write(dir.0.join("a/new/estimates.json"), "{").unwrap();
        assert!(table(&dir.0).unwrap_err().contains("cannot parse"));
    }

    #[test]
    fn the_median_is_the_middle_or_between_the_two_middles() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
    }
}
