//! The test programs of the library, and those that are left out below an emulator.

use std::path::Path;

/// An emulator takes a quarter of an hour for it, and a machine of its own seconds.
const TOO_LONG: &[&str] = &["keyed_memory"];

/// What selects the tests that run, and the names of those that are left out.
///
/// # Errors
///
/// If the folder of tests cannot be read.
pub fn selected(root: &Path, is_emulated: bool) -> Result<(String, &'static [&'static str]), String> {
    if !is_emulated {
        return Ok(("--lib --tests".to_owned(), &[]));
    }
    let rest = all(root)?.into_iter().filter(|name| !TOO_LONG.contains(&name.as_str()));
    Ok((
        std::iter::once("--lib".to_owned())
            .chain(rest.map(|name| format!("--test {name}")))
            .collect::<Vec<_>>()
            .join(" "),
        TOO_LONG,
    ))
}

/// The names of all of them, as cargo finds them: a file, or a folder with a `main.rs`.
fn all(root: &Path) -> Result<Vec<String>, String> {
    let folder = root.join("tests");
    let entries = folder.read_dir().map_err(|why| format!("{}: {why}", folder.display()))?;
    let paths = entries.flatten().map(|entry| entry.path());
    let programs = paths
        .filter(|path| path.extension().is_some_and(|kind| kind == "rs") || path.join("main.rs").is_file());
    let mut names: Vec<_> =
        programs.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
    names.sort_unstable();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::{TOO_LONG, all, selected};
    use std::path::Path;

    #[test]
    fn an_emulator_runs_all_but_those_that_are_named() {
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        let names = all(root).expect("the tests");
        for there in TOO_LONG.iter().chain(&["table", "tasks"]) {
            assert!(names.iter().any(|name| name == there), "{there}");
        }
        assert!(!names.iter().any(|name| name == "support" || name == "README"), "no program: {names:?}");
        let (what, left_out) = selected(root, true).expect("the tests");
        assert_eq!(what.matches("--test ").count() + left_out.len(), names.len());
        assert!(
            what.starts_with("--lib ")
                && !left_out.iter().any(|name| what.contains(&format!("--test {name}")))
        );
        assert_eq!(selected(root, false), Ok(("--lib --tests".to_owned(), &[][..])));
    }
}
