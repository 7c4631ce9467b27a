//! Runs Coq on the files, in a folder of its own, as they are or with a change.

use super::relation;
use super::sources::{self, EVERYTHING, FILES, Source};
use crate::cargo::command;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// The table, in `docs/word.md`, and the files of the proof.
pub struct Material {
    pub table: String,
    pub sources: Vec<Source>,
}

/// The name under which a change finds the table.
pub const TABLE: &str = "docs/word.md";

/// A change of one file.
pub struct Change {
    pub file: &'static str,
    pub to: String,
}

/// What Coq said.
pub enum Verdict {
    /// All is proved. The folder has the compiled files.
    Proved(TempDir),
    /// The file and the lemma that no longer holds, and why.
    Refused { where_: String, why: String },
}

pub fn has_coq(root: &Path) -> bool {
    command("coqc", ["--version"], root).stdout_null().stderr_null().run().is_ok()
}

impl Material {
    pub fn read(root: &Path) -> Result<Self, String> {
        let table = root.join(TABLE);
        let table = fs::read_to_string(&table).map_err(|why| format!("{}: {why}", table.display()))?;
        Ok(Self { table, sources: sources::read(&root.join("verify/theorems"))? })
    }

    /// The text of a file: one of the proof, the table, or the rows as they are printed from it.
    pub fn text(&self, file: &str) -> Result<String, String> {
        if file == TABLE {
            return Ok(self.table.clone());
        }
        if file == "Rows" {
            return relation(&self.table);
        }
        if file == "Assumptions" {
            return sources::print_assumptions(&self.sources);
        }
        let found = self.sources.iter().find(|it| it.name == file);
        found.map(|it| it.text.clone()).ok_or_else(|| format!("there is no file {file}"))
    }

    /// Proves, with a change or without. Files that come before the changed one are taken from `before`,
    /// compiled.
    pub fn prove(&self, change: Option<&Change>, before: Option<&Path>) -> Result<Verdict, String> {
        let folder = tempfile::tempdir().map_err(|why| why.to_string())?;
        let is_changed = |file| change.filter(|it| it.file == file).map(|it| it.to.clone());
        let first_changed = match change {
            Some(Change { file: TABLE, .. }) => "Rows",
            Some(Change { file, .. }) => file,
            None => FILES[0],
        };
        let mut is_the_same = before.is_some();
        for name in FILES {
            is_the_same &= name != first_changed;
            let text = match (is_changed(name), name) {
                (Some(text), _) => text,
                (None, "Rows") => relation(&is_changed(TABLE).unwrap_or_else(|| self.table.clone()))?,
                (None, name) => self.text(name)?,
            };
            let path = folder.path().join(name).with_extension("v");
            fs::write(&path, &text).map_err(|why| format!("{}: {why}", path.display()))?;
            if let Some(before) = before.filter(|_| is_the_same) {
                let compiled = Path::new(name).with_extension("vo");
                fs::copy(before.join(&compiled), folder.path().join(&compiled))
                    .map_err(|why| why.to_string())?;
            } else if let Some((where_, why)) = refusal(folder.path(), name, &text)? {
                return Ok(Verdict::Refused { where_, why });
            }
        }
        Ok(Verdict::Proved(folder))
    }
}

fn relation(table: &str) -> Result<String, String> {
    relation::print(&rows::rows(table).map_err(|why| why.to_string())?)
}

/// Where Coq refuses the file, and why.
fn refusal(folder: &Path, name: &str, text: &str) -> Result<Option<(String, String)>, String> {
    let file = format!("{name}.v");
    let coqc = command("coqc", ["-q", "-R", ".", "Throttle", &file], folder);
    let output =
        coqc.stderr_to_stdout().stdout_capture().unchecked().run().map_err(|why| format!("coqc: {why}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    if name == "Assumptions" && output.status.success() {
        let assumes_nothing = said.trim() == "Closed under the global context";
        return Ok((!assumes_nothing).then(|| (format!("{name}.{EVERYTHING}"), said.into_owned())));
    }
    if output.status.success() {
        return Ok(None);
    }
    // A process that was killed has refused nothing.
    if output.status.code() != Some(1) || !said.contains("Error:") {
        return Err(format!("coqc {file}: {}: {said}", output.status));
    }
    Ok(Some((culprit(name, text, &said), said.into_owned())))
}

/// The lemma in which Coq stopped: the last one that begins before that line. Warnings name lines, too, and stand
/// before the error.
fn culprit(name: &str, text: &str, said: &str) -> String {
    let place = said.split_once("Error:").and_then(|(before, _)| before.rsplit_once("line "));
    let line = place.and_then(|(_, rest)| rest.split(',').next()?.parse::<usize>().ok());
    let before: Vec<_> = text.lines().take(line.unwrap_or(0)).collect();
    let begins = |line: &&str| {
        let (keyword, rest) = line.trim_start().split_once(' ')?;
        let is_lemma = ["Lemma", "Theorem", "Example", "Definition"].contains(&keyword);
        is_lemma.then(|| {
            rest.split(|it: char| !it.is_alphanumeric() && it != '_').next().unwrap_or("").to_owned()
        })
    };
    match before.iter().rev().find_map(begins) {
        Some(lemma) => format!("{name}.{lemma}"),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::culprit;

    #[test]
    fn the_lemma_that_objects_is_the_last_one_before_that_line() {
        let text = "Lemma one : True.\nProof. auto. Qed.\n  Theorem two x : True.\nProof. auto. Qed.\n";
        let at = |line: usize| {
            culprit("Safety", text, &format!("File \"./Safety.v\", line {line}, characters 1-2:\nError: x"))
        };
        assert_eq!(at(1), "Safety.one");
        assert_eq!(at(2), "Safety.one");
        assert_eq!(at(4), "Safety.two");
        let after_a_warning = "File \"./Safety.v\", line 1, characters 1-2:\nWarning: x\n\
                               File \"./Safety.v\", line 4, characters 1-2:\nError: x";
        assert_eq!(culprit("Safety", text, after_a_warning), "Safety.two");
        assert_eq!(culprit("Safety", text, "Error: x"), "Safety");
    }
}
