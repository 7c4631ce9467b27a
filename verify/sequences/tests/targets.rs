//! Whatever is fuzzed is replayed: each fuzz target has a test program and a corpus of its name, and none is left over.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use watchdog as _;

/// The names of the files with this ending.
fn names(folder: &str, ending: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let files = files.filter(|path| path.extension().is_some_and(|found| found == ending));
    files.map(|path| path.file_stem().expect("a name").to_str().expect("UTF-8").to_owned()).collect()
}

#[test]
fn each_fuzz_target_has_a_corpus_and_a_test_program() {
    let targets = names("../../fuzz/fuzz_targets", "rs");
    assert!(targets.len() >= 10, "{targets:?}");
    assert_eq!(names("../../fuzz/corpus", "corpus"), targets);
    let mut programs = names("tests", "rs");
    assert!(programs.remove("regressions") && programs.remove("targets"));
    assert_eq!(programs, targets);
    for name in &targets {
        let text = |path: String| {
            fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("a source")
        };
        let (target, program) =
            (text(format!("../../fuzz/fuzz_targets/{name}.rs")), text(format!("tests/{name}.rs")));
        let subject = |source: &str, before: &str| {
            let (_, after) = source.split_once(before)?;
            Some(after.split([')', '>']).next()?.to_owned())
        };
        let tested = subject(&program, "!(sequences::").expect("a line with the subject");
        assert_eq!(subject(&target, "::<sequences::"), Some(tested), "{name}");
    }
}
