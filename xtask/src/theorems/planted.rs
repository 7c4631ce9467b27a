//! Faults that are planted in the table, in its terms, or in the model, and changes that say the same by
//! other words.
//!
//! Each fault names the lemma that must object. A script that breaks for another reason is no proof that the
//! fault was found.

mod orders;
mod proofs;
mod table;
mod waits;
mod words;

use super::proof::{Change, Material, TABLE};

/// A change of one file.
pub struct Planted {
    pub what: &'static str,
    pub file: &'static str,
    pub edit: Edit,
    /// The lemma that must object; none if the change is harmless.
    pub objects: Option<&'static str>,
    /// It is planted at the usual depth, too.
    pub is_usual: bool,
}

pub enum Edit {
    /// Each of these stands there once.
    Replace(&'static [(&'static str, &'static str)]),
    By(fn(&str) -> String),
}

impl Planted {
    const fn fault(
        what: &'static str,
        file: &'static str,
        replace: &'static [(&'static str, &'static str)],
        objects: &'static str,
    ) -> Self {
        Self { what, file, edit: Edit::Replace(replace), objects: Some(objects), is_usual: false }
    }

    const fn usual(self) -> Self {
        Self { is_usual: true, ..self }
    }

    /// The changed file.
    ///
    /// # Errors
    ///
    /// If what is to be changed does not stand there once, or nothing is changed.
    pub fn change(&self, material: &Material) -> Result<Change, String> {
        let text = material.text(self.file)?;
        let to = match &self.edit {
            Edit::By(edit) => edit(&text),
            Edit::Replace(pairs) => pairs.iter().try_fold(text.clone(), |text, (old, new)| {
                let (old, new) =
                    if self.file == TABLE { (row(old), row(new)) } else { ((*old).into(), (*new).into()) };
                match text.matches(&old).count() {
                    1 => Ok(text.replace(&old, &new)),
                    count => Err(format!("{}: {count} times in {}: {old}", self.what, self.file)),
                }
            })?,
        };
        if to == text {
            Err(format!("{}: nothing is changed", self.what))
        } else {
            Ok(Change { file: self.file, to })
        }
    }
}

/// Rows of the table, each on a line of its own, as they stand in the text.
fn row(rows: &str) -> String {
    rows.lines().flat_map(|row| ["| ", row.trim(), " |\n"]).collect()
}

/// All of them: the faults first.
pub fn all() -> impl Iterator<Item = &'static Planted> {
    let of_the_table = words::FAULTS.iter().chain(&table::FAULTS);
    let of_the_model = waits::FAULTS.iter().chain(&orders::FAULTS);
    of_the_table.chain(of_the_model).chain(&proofs::FAULTS).chain(&HARMLESS)
}

const HARMLESS: [Planted; 4] = [
    Planted {
        what: "`same` by another spelling",
        file: TABLE,
        edit: Edit::Replace(&[(
            "`arrive(now)` | closed | 0 | pending | same | `Coalesced`",
            "`arrive(now)` | closed | 0 | pending | d=pending | `Coalesced`",
        )]),
        objects: None,
        is_usual: false,
    },
    Planted {
        what: "a row in two halves",
        file: TABLE,
        edit: Edit::Replace(&[(
            "`arrive(now)` | closed | 0 | none, owed | d=pending | `Defer`",
            "`arrive(now)` | closed | 0 | owed | d=pending | `Defer`
             `arrive(now)` | closed | 0 | none | d=pending | `Defer`",
        )]),
        objects: None,
        is_usual: false,
    },
    Planted {
        what: "a row twice",
        file: TABLE,
        edit: Edit::Replace(&[(
            "`owe()` | | any | pending | same | `Coalesced`",
            "`owe()` | | any | pending | same | `Coalesced`
             `owe()` | | any | pending | same | `Coalesced`",
        )]),
        objects: None,
        is_usual: false,
    },
    Planted {
        what: "the rows upside down",
        file: TABLE,
        edit: Edit::By(upside_down),
        objects: None,
        is_usual: false,
    },
];

/// The rows of the table in the opposite order.
fn upside_down(text: &str) -> String {
    let is_row = |line: &&str| line.starts_with("| `") && line.matches('|').count() == 7;
    let mut rows: Vec<_> = text.lines().filter(is_row).collect();
    let turned = text.lines().map(|line| if is_row(&line) { rows.pop().unwrap_or(line) } else { line });
    turned.flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    fn material() -> Material {
        Material::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap()
    }

    #[test]
    fn each_change_finds_its_place_and_can_be_read() {
        let material = material();
        for planted in all() {
            let change = planted.change(&material).unwrap();
            if planted.file == TABLE {
                assert!(rows::rows(&change.to).is_ok(), "{}", planted.what);
            }
        }
    }

    #[test]
    fn each_has_a_name_of_its_own() {
        let names: BTreeSet<_> = all().map(|planted| planted.what).collect();
        assert_eq!(names.len(), all().count());
    }

    #[test]
    fn the_lemmas_that_object_are_there() {
        let material = material();
        for lemma in all().filter_map(|planted| planted.objects) {
            let (file, name) = lemma.split_once('.').unwrap();
            let text = material.text(file).unwrap();
            let is_there = |keyword| text.contains(&format!("{keyword} {name}"));
            assert!(["Lemma", "Theorem", "Definition"].into_iter().any(is_there), "{lemma}");
        }
    }

    #[test]
    fn a_change_that_finds_no_place_is_an_error() {
        let material = material();
        for pairs in [
            &[("no such row", "x")] as &[_],
            &[("`cancel()` | | any | owed | d=none | `true`", "`cancel()` | | any | owed | d=none | `true`")],
        ] {
            assert!(Planted::fault("x", TABLE, pairs, "x").change(&material).is_err());
        }
    }

    #[test]
    fn upside_down_keeps_each_row() {
        let rows = |text: &str| rows::rows(text).unwrap();
        let table = material().table;
        let mut turned = rows(&upside_down(&table));
        turned.reverse();
        assert_eq!(turned, rows(&table));
    }
}
