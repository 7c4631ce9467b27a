//! Every test program of the repository has a watchdog, so that none can hang for ever.

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;
use watchdog as _;

/// The workspace, and the packages that are none of its members and have test programs.
const MANIFESTS: [&str; 8] = [
    "Cargo.toml",
    "loom-tests/Cargo.toml",
    "verify/axioms/gate/Cargo.toml",
    "verify/cost/Cargo.toml",
    "verify/downstream/Cargo.toml",
    "verify/histories/planted/Cargo.toml",
    "verify/lab/planted/Cargo.toml",
    "verify/schedules/Cargo.toml",
];

fn targets(manifest: &Path) -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version=1", "--manifest-path"])
        .arg(manifest)
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages").iter();
    packages.flat_map(|package| package["targets"].as_array().expect("targets").clone()).collect()
}

#[test]
fn every_test_program_has_a_watchdog() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the root");
    let programs = MANIFESTS.iter().flat_map(|manifest| targets(&root.join(manifest)));
    let tests: Vec<_> = programs.filter(|target| target["kind"][0] == "test").collect();
    assert!(tests.len() > 80, "only {} test programs", tests.len());
    let is_watched = |target: &Value| {
        let source = fs::read_to_string(target["src_path"].as_str().expect("a path")).expect("a source");
        source.contains("use watchdog")
    };
    let unwatched: Vec<_> =
        tests.iter().filter(|target| !is_watched(target)).map(|target| &target["src_path"]).collect();
    assert!(unwatched.is_empty(), "without `use watchdog as _;`: {unwatched:?}");
}
