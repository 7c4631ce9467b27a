//! The file with the counts, and with the tools that they were counted with.

use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Instructions by path.
pub type Paths = BTreeMap<String, u64>;

#[derive(Debug, PartialEq)]
pub struct Record {
    /// Processor and system.
    pub target: String,
    /// The output of `rustc --version`.
    pub rustc: String,
    pub paths: Paths,
}

impl Record {
    pub fn read(file: &Path) -> Result<Self, String> {
        let text =
            fs::read_to_string(file).map_err(|why| format!("cannot read {}: {why}", file.display()))?;
        Self::parse(&text).map_err(|why| format!("{}: {why}", file.display()))
    }

    pub fn write(&self, file: &Path) -> Result<(), String> {
        fs::write(file, self.to_text()).map_err(|why| format!("cannot write {}: {why}", file.display()))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let file: Value = serde_json::from_str(text).map_err(|why| why.to_string())?;
        let word = |name: &str| {
            let word = file[name].as_str().filter(|word| !word.is_empty());
            word.map(str::to_owned).ok_or_else(|| format!("no {name:?}"))
        };
        let paths = file["instructions"].as_object().filter(|paths| !paths.is_empty());
        let count = |(path, count): (&String, &Value)| {
            let count =
                count.as_u64().ok_or_else(|| format!("{path}: {count} is no number of instructions"))?;
            Ok((path.clone(), count))
        };
        let paths = paths.ok_or_else(|| "no \"instructions\"".to_owned())?;
        Ok(Self {
            target: word("target")?,
            rustc: word("rustc")?,
            paths: paths.iter().map(count).collect::<Result<_, String>>()?,
        })
    }

    /// One line for each path, in the order of their names: a diff shows a line for each change.
    fn to_text(&self) -> String {
        let paths: Map<_, _> =
            self.paths.iter().map(|(path, count)| (path.clone(), (*count).into())).collect();
        let file = serde_json::json!({ "target": self.target, "rustc": self.rustc, "instructions": paths });
        format!("{file:#}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record {
            target: "x86_64-linux".to_owned(),
            rustc: "rustc 1.95.0 (59807616e 2026-04-14)".to_owned(),
            paths: Paths::from([("b.refused".to_owned(), 36), ("a.pending".to_owned(), 9)]),
        }
    }

    #[test]
    fn what_is_written_is_read_and_has_a_line_for_each_path() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("record.json");
        record().write(&file).unwrap();
        assert_eq!(Record::read(&file), Ok(record()));
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains("    \"a.pending\": 9,\n    \"b.refused\": 36\n"), "{text}");
    }

    #[test]
    fn a_spoilt_record_is_an_error() {
        let right = record().to_text();
        assert!(Record::parse(&right).is_ok());
        let spoilt = [
            ("{", "", "trailing characters"),
            ("36", "-36", "-36 is no number of instructions"),
            ("36", "\"36\"", "is no number"),
            ("\"target\"", "\"goal\"", "no \"target\""),
            ("x86_64-linux", "", "no \"target\""),
            ("\"rustc\"", "\"gcc\"", "no \"rustc\""),
            ("\"instructions\"", "\"time\"", "no \"instructions\""),
        ];
        for (part, other, expected) in spoilt {
            let why = Record::parse(&right.replacen(part, other, 1)).expect_err(other);
            assert!(why.contains(expected), "{other}: {why}");
        }
        assert!(Record::parse(r#"{"target": "a", "rustc": "b", "instructions": {}}"#).is_err(), "nothing");
        assert!(Record::read(Path::new("/no/such/record")).unwrap_err().contains("cannot read"));
    }
}
