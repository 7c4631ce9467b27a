//! What all rungs together have shown, by guarantee: a table for the terminal, and a page.

mod diagram;
mod page;
mod transitions;

pub use self::diagram::record as record_diagram;

use crate::print::print;
use crate::rung::Done;
use comfy_table::{CellAlignment, Table, presets};
use evidence::{GUARANTEES, Line};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One check of a guarantee.
struct Row<'d> {
    rung: &'static str,
    what: &'d str,
    count: usize,
    unit: &'d str,
    time: Duration,
}

/// The checks of each guarantee: rung by rung, and within a rung by their text, because tests that run side
/// by side end in any order.
///
/// # Errors
///
/// If a check names an unknown guarantee.
fn rows(done: &[Done]) -> Result<Vec<Vec<Row<'_>>>, String> {
    let mut rows: Vec<Vec<Row<'_>>> = GUARANTEES.iter().map(|_| Vec::new()).collect();
    for rung in done {
        for line in &rung.lines {
            let Line::Evidence { guarantees, count, unit, time, what } = line else { continue };
            for guarantee in guarantees {
                let place = GUARANTEES.iter().position(|(known, _)| known.to_string() == *guarantee);
                let place =
                    place.ok_or_else(|| format!("{}: no guarantee {guarantee}: {what}", rung.name))?;
                rows[place].push(Row { rung: rung.name, what, count: *count, unit, time: *time });
            }
        }
    }
    // The tests of a rung end in any order.
    let place = |row: &Row<'_>| done.iter().position(|rung| rung.name == row.rung);
    for rows in &mut rows {
        rows.sort_by_key(|row| (place(row), row.what));
    }
    Ok(rows)
}

/// # Errors
///
/// If a guarantee has no evidence.
fn each_has_evidence(rows: &[Vec<Row<'_>>]) -> Result<(), String> {
    match GUARANTEES.iter().zip(rows).find(|(_, rows)| rows.is_empty()) {
        Some(((guarantee, promise), _)) => Err(format!("{guarantee} ({promise}) has no evidence")),
        None => Ok(()),
    }
}

/// Prints the table, writes the page, and returns the path of the page.
///
/// # Errors
///
/// If a check names an unknown guarantee, if a complete run leaves a guarantee without evidence, or if the
/// table or the page cannot be written.
pub fn report(root: &Path, done: &[Done], depth: &str, is_everything: bool) -> Result<PathBuf, String> {
    let rows = rows(done)?;
    if is_everything {
        each_has_evidence(&rows)?;
    }
    print(format_args!("\n{}", table(&rows)))?;
    let faults = done.iter().flat_map(|rung| &rung.lines).filter(|line| matches!(line, Line::Caught { .. }));
    print(format_args!("{} planted faults were found", faults.count()))?;

    let path = path(root);
    fs::create_dir_all(path.parent().unwrap_or(root))
        .and_then(|()| fs::write(&path, page::page(done, &rows, depth)))
        .map_err(|why| format!("cannot write {}: {why}", path.display()))?;
    Ok(path)
}

/// Removes an old page, which would vouch for checks that fail now.
///
/// # Errors
///
/// If the page is there and cannot be removed.
pub fn forget(root: &Path) -> Result<(), String> {
    let path = path(root);
    match fs::remove_file(&path) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => {
            Err(format!("cannot remove {}: {why}", path.display()))
        }
        _ => Ok(()),
    }
}

/// The place of the page, which does not depend on where builds go.
fn path(root: &Path) -> PathBuf {
    root.join("target/assurance.html")
}

/// What one rung has shown of a guarantee.
struct Summary {
    rung: &'static str,
    checks: usize,
    looked_at: String,
    time: Duration,
}

/// The summaries of a guarantee, in the order of the rungs.
fn summaries(rows: &[Row<'_>]) -> Vec<Summary> {
    // The rows of a rung stand together.
    let summary = |rows: &[Row<'_>]| {
        let mut units = BTreeMap::<&str, usize>::new();
        for row in rows {
            *units.entry(row.unit).or_default() += row.count;
        }
        let looked_at: Vec<_> = units.iter().map(|(unit, count)| format!("{count} {unit}")).collect();
        Summary {
            rung: rows[0].rung,
            checks: rows.len(),
            looked_at: looked_at.join(", "),
            time: rows.iter().map(|row| row.time).sum(),
        }
    };
    rows.chunk_by(|a, b| a.rung == b.rung).map(summary).collect()
}

fn seconds(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64())
}

/// A line for each rung of each guarantee. The page has every check.
fn table(rows: &[Vec<Row<'_>>]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(["guarantee", "rung", "checks", "looked at", "seconds"]);
    for ((guarantee, promise), rows) in GUARANTEES.iter().zip(rows) {
        for (index, Summary { rung, checks, looked_at, time }) in summaries(rows).into_iter().enumerate() {
            let name = if index == 0 { format!("{guarantee} {promise}") } else { String::new() };
            table.add_row([name, rung.to_owned(), checks.to_string(), looked_at, seconds(time)]);
        }
    }
    for column in [2, 4] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(lines: &[&str]) -> Done {
        let lines = lines.iter().filter_map(|line| Line::read(line).unwrap()).collect();
        Done { name: "rung", count: "2 tests".to_owned(), passed: 2, time: Duration::ZERO, lines }
    }

    const ALL: &str = "evidence | G1 G2 G3 G4 G5 G6 G7 G8 G9 G10 C1 C2 C3 C4 C5 C6 C7 C8 C9 | 47 states | 0.1 s | \
                       exploration: a < b";

    #[test]
    fn every_guarantee_needs_evidence() {
        assert!(each_has_evidence(&rows(&[done(&[ALL])]).unwrap()).is_ok());
        let some = [done(&["evidence | G1 | 47 states | 0.1 s | one"])];
        let why = each_has_evidence(&rows(&some).unwrap()).unwrap_err();
        assert!(why.contains("G2 (exclusion) has no evidence"), "{why}");
    }

    #[test]
    fn the_checks_stand_rung_by_rung_and_by_what_they_say() {
        let mut first =
            done(&[ALL, "evidence | G1 | 3 states | 0.2 s | b", "evidence | G1 | 3 states | 0.2 s | a"]);
        first.name = "z";
        let done = [first, done(&["evidence | G1 | 3 states | 0.2 s | c"])];
        let rows = rows(&done).unwrap();
        let order: Vec<_> = rows[0].iter().map(|row| (row.rung, row.what)).collect();
        assert_eq!(order, [("z", "a"), ("z", "b"), ("z", "exploration: a < b"), ("rung", "c")]);
    }

    #[test]
    fn an_older_page_is_forgotten() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(forget(root.path()), Ok(()), "there is none");
        fs::create_dir(root.path().join("target")).unwrap();
        fs::write(path(root.path()), "").unwrap();
        assert_eq!(forget(root.path()), Ok(()));
        assert!(!path(root.path()).exists());
    }

    #[test]
    fn an_unknown_guarantee_is_an_error() {
        let why = rows(&[done(&[ALL, "evidence | G11 | 1 states | 0.1 s | one"])]).err().unwrap();
        assert!(why.contains("no guarantee G11"), "{why}");
    }

    #[test]
    fn the_table_adds_up_by_rung() {
        let done = [done(&[ALL, "evidence | G2 | 3 states | 0.2 s | two"])];
        let text = table(&rows(&done).unwrap()).to_string();
        let line = text.lines().find(|line| line.contains("G2 exclusion")).unwrap();
        assert_eq!(
            line.split_whitespace().collect::<Vec<_>>(),
            ["G2", "exclusion", "rung", "2", "50", "states", "0.30"]
        );
    }

    #[test]
    fn the_page_holds_each_check_and_fault() {
        let done = [done(&[ALL, "caught | no fence | loom: in 3 of 47"])];
        let page = page::page(&done, &rows(&done).unwrap(), "usual depth");
        assert_eq!(page.matches("exploration: a &lt; b").count(), GUARANTEES.len());
        assert!(page.contains("no fence") && page.contains("<svg"));
    }
}
