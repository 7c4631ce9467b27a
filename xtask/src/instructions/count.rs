//! Runs the bench `instructions`, and reads its output.

use super::record::Paths;
use crate::cargo::{cargo, command, with_own_flags};
use crate::print::print;
use serde_json::Value;
use std::env;
use std::path::Path;

/// What was counted, by the groups of the bench.
#[derive(Debug, Default, PartialEq)]
pub struct Counts {
    pub references: Paths,
    pub paths: Paths,
    pub planted: Paths,
}

/// Each crate is compiled as one piece: otherwise one more row would divide the code in another way, and would
/// change what is inlined where.
const BENCH: &str = "bench --quiet --config profile.bench.package.benches.codegen-units=1 \
    --config profile.bench.package.atomic-throttle.codegen-units=1 \
    --package benches --features instructions --bench instructions -- \
    --callgrind-metrics=ir --output-format=json";

pub fn has_valgrind(root: &Path) -> bool {
    command("valgrind", ["--version"], root).stdout_null().stderr_null().run().is_ok()
}

pub fn rustc(root: &Path) -> Result<String, String> {
    let program = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    command(program, ["--version"], root).read().map_err(|why| format!("rustc --version: {why}"))
}

/// Builds the bench as it is meant to be built, and runs it.
pub fn count(root: &Path) -> Result<Counts, String> {
    print(format_args!("$ cargo {BENCH}"))?;
    let said = with_own_flags(&command(cargo(), BENCH.split_whitespace(), root)).read();
    read(&said.map_err(|why| format!("instructions: {why}"))?)
}

/// Reads one line of JSON for each row.
fn read(said: &str) -> Result<Counts, String> {
    let mut counts = Counts::default();
    for line in said.lines() {
        let row: Value =
            serde_json::from_str(line).map_err(|why| format!("cannot be parsed: {why}: {line}"))?;
        let (group, name, count) = read_row(&row).ok_or_else(|| format!("no count: {line}"))?;
        let rows = match group {
            "references" => &mut counts.references,
            "paths" => &mut counts.paths,
            "planted" => &mut counts.planted,
            _ => return Err(format!("{name}: of what group is {group:?}?")),
        };
        if rows.insert(name.clone(), count).is_some() {
            return Err(format!("{name}: two rows have this name"));
        }
    }
    if counts.paths.is_empty() {
        return Err("the bench has counted nothing".to_owned());
    }
    Ok(counts)
}

/// The group, the name and the count of a row.
fn read_row(row: &Value) -> Option<(&str, String, u64)> {
    // The bench, the group, the function.
    let group = row["module_path"].as_str()?.split("::").nth(1)?;
    let name = format!("{}.{}", row["function_name"].as_str()?, row["id"].as_str()?);
    let counted = &row["profiles"][0]["summaries"]["total"]["summary"]["Callgrind"]["Ir"]["metrics"];
    // If there was a run before, both counts are given, and this one is the first.
    let now = counted.get("Left").or_else(|| counted["Both"].get(0))?;
    // A call has at least its return.
    let count = now["Int"].as_u64().filter(|count| *count > 0)?;
    Some((group, name, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(group: &str, function: &str, metrics: &str) -> String {
        format!(
            r#"{{"module_path": "instructions::{group}::{function}", "function_name": "{function}", "id": "of",
            "profiles": [{{"summaries": {{"total": {{"summary": {{"Callgrind": {{"Ir": {{"metrics": {metrics}}}}}}}}}}}}}]}}"#
        )
        .replace('\n', " ")
    }

    const FIRST: &str = r#"{"Left": {"Int": 9}}"#;
    const LATER: &str = r#"{"Both": [{"Int": 7}, {"Int": 9}]}"#;

    #[test]
    fn each_row_is_read_into_its_group() {
        let said =
            [row("references", "empty", FIRST), row("paths", "run", LATER), row("planted", "twice", FIRST)];
        let of = |name: &str, count| Paths::from([(name.to_owned(), count)]);
        let counts =
            Counts { references: of("empty.of", 9), paths: of("run.of", 7), planted: of("twice.of", 9) };
        assert_eq!(read(&said.join("\n")), Ok(counts));
    }

    #[test]
    fn what_is_not_counted_is_an_error() {
        let once = row("paths", "run", FIRST);
        for (said, expected) in [
            (String::new(), "counted nothing"),
            (row("planted", "twice", FIRST), "counted nothing"),
            ("some text".to_owned(), "cannot be parsed"),
            (row("paths", "run", r#"{"Left": {"Int": 0}}"#), "no count"),
            (row("paths", "run", r#"{"Right": {"Int": 9}}"#), "no count"),
            (row("others", "run", FIRST), "of what group"),
            (format!("{once}\n{once}"), "two rows"),
        ] {
            let why = read(&said).expect_err(expected);
            assert!(why.contains(expected), "{expected}: {why}");
        }
    }
}
