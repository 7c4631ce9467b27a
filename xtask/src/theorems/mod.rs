//! Proves by Coq that the table of transitions keeps the promises, and plants faults that must break a proof.
//!
//! The files are in `verify/theorems`. The table is printed as one more file, at each run.

mod planted;
mod proof;
mod relation;
mod sources;

use crate::print::print;
use crate::workers::at_most;
use clap::Args;
use evidence::Guarantee::{G1, G2, G3, G4, G5};
use evidence::{Check, Line};
use planted::Planted;
use proof::{Material, Verdict, has_coq};
use sources::{TRUSTED, assume_nothing, lines_of_code, promises};
use std::path::Path;

#[derive(Args)]
pub struct Theorems {
    /// Plant every fault, and make every harmless change: minutes
    #[arg(long)]
    all: bool,
    /// Plant only what has this text in its name
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
}

/// One call of Coq needs most of a gigabyte.
const AT_A_TIME: usize = 2;

/// Proves, and plants faults. Without Coq it says so and succeeds: nobody should need it to work on the
/// library.
pub fn theorems(root: &Path, arguments: &Theorems) -> Result<(), String> {
    if !has_coq(root) {
        return print(
            "theorems: SKIPPED, nothing was proved: coqc is not installed (on Debian and Ubuntu: apt-get \
             install --no-install-recommends coq)",
        );
    }
    let check = Check::of(
        &[G1, G2, G3, G4, G5],
        "proof in Coq: the table keeps the promises, for any number of threads, any clock, any threshold and \
         lease, and lost guards; and so do the orders, in weak memory; nothing is assumed",
    );
    let material = Material::read(root)?;
    assume_nothing(&material.sources)?;
    let proved = match material.prove(None, None)? {
        Verdict::Proved(folder) => folder,
        Verdict::Refused { where_, why } => return Err(format!("not proved: {where_}\n{why}")),
    };
    trusted(&material)?;
    print(check.line(promises(&material.sources).len(), "theorems"))?;

    let is_chosen = |planted: &&Planted| match &arguments.only {
        Some(text) => planted.what.contains(text.as_str()),
        None => planted.is_usual || arguments.all || evidence::deep(),
    };
    let chosen: Vec<_> = planted::all().filter(is_chosen).collect();
    if chosen.is_empty() {
        return Err("there is no such fault".to_owned());
    }
    let found = at_most(AT_A_TIME, &chosen, |planted| {
        let verdict = material.prove(Some(&planted.change(&material)?), Some(proved.path()))?;
        let line = judge(planted, &verdict);
        // As soon as it is known: all of them take minutes.
        print(line.as_ref().unwrap_or_else(|why| why))?;
        Ok(line.err())
    })?;
    let missed: Vec<_> = found.into_iter().flatten().collect();
    if missed.is_empty() { Ok(()) } else { Err(format!("not found:\n{}", missed.join("\n"))) }
}

/// Says what a reader has to agree with: these files, and the one that prints the table.
fn trusted(material: &Material) -> Result<(), String> {
    let mut sum = 0;
    for source in material.sources.iter().filter(|it| TRUSTED.contains(&it.name)) {
        let lines = lines_of_code(&source.text);
        sum += lines;
        print(format_args!("to be trusted: {}.v, {lines} lines", source.name))?;
    }
    print(format_args!("to be trusted: {sum} lines without comments, and what prints the table as Rows.v"))
}

/// The line to be printed; `Err` if the wrong lemma objects, or none where one must.
fn judge(planted: &Planted, verdict: &Verdict) -> Result<String, String> {
    let what = planted.what;
    match (planted.objects, verdict) {
        (None, Verdict::Proved(_)) => Ok(format!("harmless, and proved: {what}")),
        (None, Verdict::Refused { where_, why }) => {
            Err(format!("MISJUDGED, it is harmless: {what}: {where_}\n{why}"))
        }
        (Some(_), Verdict::Proved(_)) => Err(format!("MISSED: {what}")),
        (Some(lemma), Verdict::Refused { where_, .. }) if where_ == lemma => {
            Ok(Line::Caught { fault: what.to_owned(), how: format!("Coq: {lemma} no longer holds") }
                .to_string())
        }
        (Some(lemma), Verdict::Refused { where_, why }) => {
            Err(format!("FOUND BY ANOTHER: {what}: {where_}, not {lemma}\n{why}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(where_: &str) -> Verdict {
        Verdict::Refused { where_: where_.to_owned(), why: "Error".to_owned() }
    }

    #[test]
    fn a_fault_is_found_by_its_own_lemma_alone() {
        let fault = planted::all().find(|it| it.objects == Some("Safety.spacing")).unwrap();
        let proved = Verdict::Proved(tempfile::tempdir().unwrap());
        assert!(judge(fault, &refused("Safety.spacing")).unwrap().starts_with("caught | "));
        assert!(judge(fault, &refused("Safety.excluded")).unwrap_err().starts_with("FOUND BY ANOTHER"));
        assert!(judge(fault, &proved).unwrap_err().starts_with("MISSED"));

        let harmless = planted::all().find(|it| it.objects.is_none()).unwrap();
        assert!(judge(harmless, &proved).is_ok());
        assert!(judge(harmless, &refused("Safety.spacing")).unwrap_err().starts_with("MISJUDGED"));
    }
}
