//! A check uses a library through its public face or through its hook, and never by a second build of its sources.

use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};
use watchdog as _;

/// The sources of the two libraries.
const SOURCES: [&str; 2] = ["src", "cluster/src"];

/// What names a file of Rust that becomes a part of another one.
const NAMING: [&str; 2] = ["path = \"", "include!(\""];

/// The path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => _ = plain.pop(),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

/// The lines of a file, by its path below the root, that build sources of a library a second time.
fn second_builds(file: &Path, text: &str) -> Vec<String> {
    let folder = file.parent().expect("a file is in a folder");
    let leads_inside = |line: &str| {
        let named = NAMING.iter().flat_map(|naming| line.split(naming).skip(1));
        named.filter_map(|rest| rest.split('"').next()).any(|named| {
            let path = plain(&folder.join(named));
            let is_rust = path.extension() == Some(OsStr::new("rs"));
            is_rust && SOURCES.iter().any(|sources| path.starts_with(sources) && !file.starts_with(sources))
        })
    };
    text.lines().filter(|line| leads_inside(line)).map(|line| format!("{}: {line}", file.display())).collect()
}

/// The sources and manifests below `folder`, without what is built.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() {
            let is_left_out = name == "target" || name.to_string_lossy().starts_with('.');
            if !is_left_out {
                files(&path, found);
            }
        } else if path.extension() == Some(OsStr::new("rs")) || name == "Cargo.toml" {
            found.push(path);
        }
    }
}

#[test]
fn no_source_of_a_library_is_built_a_second_time() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the root");
    let mut all = Vec::new();
    files(root, &mut all);
    assert!(all.len() > 500, "only {} files", all.len());
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path).expect("a text");
        second_builds(path.strip_prefix(root).expect("below the root"), &text)
    };
    let found: Vec<_> = all.iter().flat_map(read).collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_second_build_is_found() {
    let count = |file: &str, text: &str| second_builds(Path::new(file), text).len();
    for (file, line) in [
        ("verify/x/tests/gate/main.rs", "#[path = \"../../../../src/gate/mod.rs\"]"),
        ("verify/x/tests/gate/main.rs", "#[cfg_attr(test, path = \"../../../../cluster/src/cell.rs\")]"),
        ("cluster/src/lib.rs", "#[path = \"../../src/time.rs\"]"),
        ("tests/table.rs", "include!(\"../src/time.rs\");"),
        ("verify/x/Cargo.toml", "path = \"../../src/lib.rs\""),
    ] {
        assert_eq!(count(file, line), 1, "{file}: {line}");
    }
    for (file, line) in [
        ("src/sync/mod.rs", "#[path = \"real.rs\"]"),
        ("verify/x/tests/main.rs", "#[path = \"../../y/src/by_hand.rs\"]"),
        ("verify/x/Cargo.toml", "atomic-throttle = { path = \"../..\" }"),
        ("tests/table.rs", "include_str!(\"../src/state/transition.rs\")"),
    ] {
        assert_eq!(count(file, line), 0, "{file}: {line}");
    }
}
