//! The proof: what is asked of which build, and what is reported.

use crate::claims::{self, Breach, Group, Steps};
use crate::compile::{Level, compile};
use crate::machine::Machine;
use crate::planted;
use crate::statements::{Statement, statements};
use crate::table::{self, EVENTS};
use crate::term::Terms;
use evidence::Guarantee::{G1, G2, G3, G4, G8};
use evidence::{Check, Line};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

/// The table.
pub const TABLE: &str = include_str!("../../../docs/word.md");

/// What each step keeps.
pub const PROMISES: &str = include_str!("../promises.txt");

/// What stands beside the transitions.
pub const VALUES: &str = include_str!("../values.txt");

/// A build, ready to be asked about.
pub struct Build<'t> {
    pub terms: &'t Terms,
    pub machine: &'t Machine<'t>,
    pub steps: Vec<Steps<'t>>,
}

/// Builds what lies below `root`, executes every transition, and hands that to `ask`.
///
/// # Errors
///
/// If it does not build, or the machine cannot execute it; or what `ask` returns.
pub fn with_build<T>(
    root: &Path,
    out: &Path,
    level: Level,
    ask: impl FnOnce(&Build) -> Result<T, String>,
) -> Result<T, String> {
    let program = compile(root, out, level)?;
    let terms = Terms::default();
    let machine = Machine::new(&terms, &program);
    let steps = EVENTS.iter().map(|event| Steps::new(&terms, &machine, event)).collect::<Result<_, _>>()?;
    ask(&Build { terms: &terms, machine: &machine, steps })
}

impl Build<'_> {
    /// Every claim of the table: that one row applies, and that the build returns what it says.
    ///
    /// # Errors
    ///
    /// If the table cannot be read.
    pub fn rows(&self, table: &str) -> Result<Vec<Group>, String> {
        let mut groups = Vec::new();
        for (steps, (event, rows)) in self.steps.iter().zip(table::by_event(table)?) {
            groups.push(claims::one_row(self.terms, &steps.case, event, &rows)?);
            groups.push(claims::returns(self.terms, event.name, &steps.summary));
            groups.extend(claims::by_rows(self.terms, steps, &rows)?);
        }
        Ok(groups)
    }

    /// The claims of these statements.
    ///
    /// # Errors
    ///
    /// If one of them asks for what is not known.
    pub fn statements(&self, statements: &[&Statement]) -> Result<Vec<Group>, String> {
        claims::by_statements(self.terms, self.machine, &self.steps, statements)
    }

    /// # Errors
    ///
    /// If the solver does not answer for certain.
    pub fn breaches(&self, groups: &[Group]) -> Result<Vec<Breach>, String> {
        claims::breaches(self.terms, groups)
    }

    /// # Errors
    ///
    /// If the solver does not answer for certain.
    pub fn some_breach(&self, groups: &[Group]) -> Result<Option<Breach>, String> {
        claims::some_breach(self.terms, groups)
    }
}

/// Proves what lies below `root`. Each check is reported by a line on the standard output.
///
/// `is_full` also asks what stands beside the transitions, and plants faults in builds of their own.
///
/// # Errors
///
/// If something does not hold, or cannot be shown.
pub fn prove(root: &Path, out: &Path, is_full: bool) -> Result<(), String> {
    for level in Level::ALL {
        with_build(root, &out.join("shipped"), level, |build| {
            rows(build, level)?;
            if level == Level::Release || is_full {
                stated(build, PROMISES, level, "each step keeps")?;
            }
            if level == Level::Release {
                if is_full {
                    stated(build, VALUES, level, "beside the transitions")?;
                }
                planted::in_rows(build)?;
            }
            Ok(())
        })?;
    }
    if is_full { planted::in_sources(root, &out.join("planted")) } else { Ok(()) }
}

fn rows(build: &Build, level: Level) -> Result<(), String> {
    let what =
        format!("prove: the IR of every transition, {}, equals its rows at all 2^64 values", level.name());
    let check = Check::of(&[G1, G2, G3, G4, G8], what);
    none(&build.breaches(&build.rows(TABLE)?)?)?;
    let rows = table::by_event(TABLE)?.iter().map(|(_, rows)| rows.len()).sum();
    say(&check.line(rows, "rows"))
}

/// Asks all statements at once, and reports them by their guarantees, each with its share of the time.
fn stated(build: &Build, text: &str, level: Level, what: &str) -> Result<(), String> {
    let began = Instant::now();
    let all = statements(text)?;
    none(&build.breaches(&build.statements(&all.iter().collect::<Vec<_>>())?)?)?;
    let each = began.elapsed() / u32::try_from(all.len()).map_err(|why| why.to_string())?;
    let mut counts = BTreeMap::<_, u32>::new();
    for statement in &all {
        *counts.entry(&statement.guarantees).or_default() += 1;
    }
    for (guarantees, count) in counts {
        say(&Line::Evidence {
            guarantees: guarantees.split(' ').map(str::to_owned).collect(),
            count: count as usize,
            unit: "statements".to_owned(),
            time: each * count,
            what: format!("prove: {what}, {}, at all 2^64 values", level.name()),
        })?;
    }
    Ok(())
}

fn none(breaches: &[Breach]) -> Result<(), String> {
    if breaches.is_empty() {
        return Ok(());
    }
    let said = |breach: &Breach| format!("{}\n    at {}", breach.what, breach.values());
    Err(format!("not so:\n{}", breaches.iter().map(said).collect::<Vec<_>>().join("\n")))
}

/// Prints a line.
///
/// # Errors
///
/// If the output is closed.
pub fn say(line: &Line) -> Result<(), String> {
    use std::io::Write as _;
    writeln!(std::io::stdout(), "{line}").map_err(|why| why.to_string())
}
