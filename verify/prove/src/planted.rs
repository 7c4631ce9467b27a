//! Faults that are planted: in the sources, each in a build of its own, and in the rows. All must be found.

use crate::claims::Breach;
use crate::compile::Level;
use crate::proof::{Build, PROMISES, TABLE, VALUES, say, with_build};
use crate::statements::statements;
use evidence::Line;
use std::fs;
use std::path::Path;

/// What finds a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The rows of the table.
    Rows,
    /// The rows, and also what is promised of a step without the table.
    RowsAndPromises,
    /// What is said of the values and cells beside the transitions.
    Values,
}

/// A fault: the text in a file that is replaced, which must be there once.
pub struct Fault {
    pub what: &'static str,
    pub file: &'static str,
    pub right: &'static str,
    pub wrong: &'static str,
    pub level: Level,
    pub by: By,
}

const TRANSITION: &str = "src/state/transition.rs";
const STATE: &str = "src/state/mod.rs";
const TIME: &str = "src/time.rs";
const CELL: &str = "cluster/src/cell.rs";

const fn fault(
    what: &'static str,
    file: &'static str,
    right: &'static str,
    wrong: &'static str,
    by: By,
) -> Fault {
    Fault { what, file, right, wrong, level: Level::Release, by }
}

const OPEN: &str = "now.as_reading() >= self.window_end(threshold).as_nanos()";

pub const FAULTS: [Fault; 14] = [
    fault(
        "a window opens a nanosecond early",
        STATE,
        OPEN,
        "now.as_reading() + 1 >= self.window_end(threshold).as_nanos()",
        By::RowsAndPromises,
    ),
    fault(
        "one reading counts as open",
        STATE,
        OPEN,
        "now.as_reading() >= self.window_end(threshold).as_nanos() || now.as_reading() == 0x1234_5678_9abc",
        By::RowsAndPromises,
    ),
    fault(
        "a deferral also clears bit 40",
        TRANSITION,
        "Self(self.0 & !DEFERRAL | bits)",
        "Self(self.0 & !(DEFERRAL | 1 << 40) | bits)",
        By::RowsAndPromises,
    ),
    fault(
        "a start does not move the epoch where the clock stands still",
        TRANSITION,
        "START_MAX } else { self.last() + 1 }",
        "START_MAX } else { self.last() }",
        By::RowsAndPromises,
    ),
    fault(
        "the finish of one epoch is refused",
        TRANSITION,
        "self.last() == epoch.0 && self.is_running()",
        "self.last() == epoch.0 && self.is_running() && epoch.0 != 0xdead_beef_0000",
        By::RowsAndPromises,
    ),
    fault(
        "a lease is over early for some pairs of times",
        TRANSITION,
        "Some(lease) if now.as_reading() >= self.lease_end(lease).as_nanos()",
        "Some(lease) if now.as_reading() >= self.lease_end(lease).as_nanos() \
         || now.as_reading() ^ self.last() == 0x7_7777_7777",
        By::RowsAndPromises,
    ),
    fault(
        "a start panics at one reading",
        TRANSITION,
        "const fn start(self, now: Timestamp) -> Self {",
        "const fn start(self, now: Timestamp) -> Self { assert!(now.as_reading() != 0x00ab_cdef_0123_4567);",
        By::Rows,
    ),
    fault(
        "a window that no reading ends is over at the last reading",
        TIME,
        "if end > Self::MAX.0 { Self::NEVER } else { Self(end) }",
        "if end > Self::MAX.0 { Self::MAX } else { Self(end) }",
        By::RowsAndPromises,
    ),
    fault(
        "the end of a window wraps",
        TIME,
        "if end > Self::MAX.0 { Self::NEVER } else { Self(end) }",
        "Self(end & START_MAX)",
        By::RowsAndPromises,
    ),
    Fault {
        what: "a comparison overflows, in a debug build",
        file: STATE,
        right: OPEN,
        wrong: "now.as_reading() * 9 >= self.window_end(threshold).as_nanos()",
        level: Level::Debug,
        by: By::Rows,
    },
    fault(
        "a reading is clamped one too late",
        TIME,
        "if nanos > Self::MAX.0 { Self::MAX } else { Self(nanos) }\n    }\n\n    /// Nanoseconds since",
        "if nanos > Self::MAX.0 + 1 { Self::MAX } else { Self(nanos) }\n    }\n\n    /// Nanoseconds since",
        By::Values,
    ),
    fault(
        "a difference of times wraps",
        TIME,
        "self.0.saturating_sub(earlier.0)",
        "self.0.wrapping_sub(earlier.0)",
        By::Values,
    ),
    fault(
        "a joined cell forgets that a run ended",
        CELL,
        "one.is_running() && other.is_running()",
        "one.is_running() || other.is_running()",
        By::Values,
    ),
    fault(
        "a joined cell goes back",
        CELL,
        "Ordering::Less => (seen.state(), true)",
        "Ordering::Less => (self.state(), true)",
        By::Values,
    ),
];

/// Rows that are changed: the text of the table that is replaced, which must be there once.
pub const ROWS: [(&str, &str, &str); 4] = [
    (
        "a row that starts a closed deferral",
        "| `fire(epoch, now)` | last == epoch, closed | 0 | pending | same | `Early` |",
        "| `fire(epoch, now)` | last == epoch, closed | 0 | pending | start | `Run` |",
    ),
    (
        "a row that keeps r after a finish",
        "| `finish(epoch)` | last == epoch | 1 | any | r=0 | `Finished` |",
        "| `finish(epoch)` | last == epoch | 1 | any | same | `Finished` |",
    ),
    (
        "rows that overlap",
        "| `flush_under(now)` | lease holds | 1 | any | same | `Busy` |",
        "| `flush_under(now)` | | 1 | any | same | `Busy` |",
    ),
    ("a state without a row", "| `owe()` | | any | cancelled | d=pending | `Coalesced` |\n", ""),
];

/// The text with the fault in it.
///
/// # Errors
///
/// If the right text is not there once.
pub fn spoilt(text: &str, right: &str, wrong: &str) -> Result<String, String> {
    match text.matches(right).count() {
        1 => Ok(text.replace(right, wrong)),
        count => Err(format!("{count} times instead of once: {right}")),
    }
}

/// Looks for what is changed in the rows, in the build as it is shipped.
///
/// # Errors
///
/// If a fault is not found.
pub fn in_rows(build: &Build) -> Result<(), String> {
    for (what, right, wrong) in ROWS {
        let groups = build.rows(&spoilt(TABLE, right, wrong)?)?;
        // The others are those that were asked before.
        let event = right.trim_start_matches("| `").split('(').next().unwrap_or_default();
        let changed: Vec<_> = groups.into_iter().filter(|group| group.name == event).collect();
        let found = how("rows", build.some_breach(&changed)?).map_err(|why| format!("{what}: {why}"))?;
        caught(what, &[found])?;
    }
    Ok(())
}

/// Looks for what is changed in the sources.
///
/// # Errors
///
/// If a fault is not found.
pub fn in_sources(root: &Path, out: &Path) -> Result<(), String> {
    for fault in &FAULTS {
        let tree = out.join("tree");
        copy(root, &tree)?;
        let path = tree.join(fault.file);
        let text = fs::read_to_string(&path).map_err(|why| format!("{}: {why}", path.display()))?;
        let text = spoilt(&text, fault.right, fault.wrong).map_err(|why| format!("{}: {why}", fault.what))?;
        fs::write(&path, text).map_err(|why| format!("{}: {why}", path.display()))?;
        let found = with_build(&tree, &out.join("build"), fault.level, |build| found_by(fault.by, build));
        caught(fault.what, &found.map_err(|why| format!("{}: {why}", fault.what))?)?;
    }
    Ok(())
}

/// What finds the fault that is in this build: all that must.
fn found_by(by: By, build: &Build) -> Result<Vec<String>, String> {
    let by_rows = || how("rows", build.some_breach(&build.rows(TABLE)?)?);
    let by_statements = |text| {
        let statements = statements(text)?;
        let groups = build.statements(&statements.iter().collect::<Vec<_>>())?;
        how("statements", build.some_breach(&groups)?)
    };
    match by {
        By::Rows => Ok(vec![by_rows()?]),
        By::RowsAndPromises => Ok(vec![by_rows()?, by_statements(PROMISES)?]),
        By::Values => Ok(vec![by_statements(VALUES)?]),
    }
}

/// How a fault was found.
fn how(by: &str, found: Option<Breach>) -> Result<String, String> {
    let found = found.ok_or_else(|| format!("it is not found by the {by}"))?;
    // A line is one line, and this sign divides it.
    let what = found.what.replace(" | ", ", ").replace('|', "");
    Ok(format!("{by}: {what} at {}", found.values()))
}

/// Each fault has one line, however many found it.
fn caught(fault: &str, how: &[String]) -> Result<(), String> {
    say(&Line::Caught { fault: fault.to_owned(), how: format!("prove, {}", how.join("; ")) })
}

/// What a build is made from.
const PARTS: [&str; 3] = ["src", "cluster/src", "verify/prove/exports/src"];

fn copy(root: &Path, to: &Path) -> Result<(), String> {
    let failed = |path: &Path, why: std::io::Error| format!("{}: {why}", path.display());
    let mut folders: Vec<_> = PARTS.map(Into::into).into();
    while let Some(folder) = folders.pop() {
        let folder: std::path::PathBuf = folder;
        let here = root.join(&folder);
        fs::create_dir_all(to.join(&folder)).map_err(|why| failed(&here, why))?;
        for entry in fs::read_dir(&here).map_err(|why| failed(&here, why))? {
            let entry = entry.map_err(|why| failed(&here, why))?;
            let path = folder.join(entry.file_name());
            if entry.path().is_dir() {
                folders.push(path);
            } else {
                fs::copy(entry.path(), to.join(&path)).map_err(|why| failed(&path, why))?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{FAULTS, ROWS, spoilt};
    use crate::proof::TABLE;
    use std::fs;
    use std::path::Path;

    #[test]
    fn what_is_to_be_replaced_is_there() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for fault in &FAULTS {
            let text = fs::read_to_string(root.join(fault.file)).unwrap();
            spoilt(&text, fault.right, fault.wrong).unwrap_or_else(|why| panic!("{}: {why}", fault.what));
        }
        for (what, right, wrong) in ROWS {
            spoilt(TABLE, right, wrong).unwrap_or_else(|why| panic!("{what}: {why}"));
        }
    }

    #[test]
    fn what_is_not_there_once_is_an_error() {
        assert!(spoilt("a b", "c", "d").is_err() && spoilt("a a", "a", "b").is_err());
    }
}
