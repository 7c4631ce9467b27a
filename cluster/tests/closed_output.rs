//! The examples end well if nobody reads what they write, or if it cannot be written. `agents` writes nothing.

#![cfg(target_os = "linux")]

#[path = "../../tests/closed_output/harness.rs"]
mod harness;

use harness::{build, faults};
use std::thread;

/// Each with arguments that make it short.
const EXAMPLES: [(&str, &str); 2] = [
    ("simulate", "--processes 1 --windows 2"),
    ("storm", "--processes 2 --threshold 10ms --run-time 0 --seconds 0.2"),
];

#[test]
fn examples_end_without_a_panic() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let arguments: Vec<_> = EXAMPLES.iter().flat_map(|(name, _)| ["--example", name]).collect();
    let path = build(manifest, &arguments);
    let faults: Vec<String> = thread::scope(|scope| {
        let runs = EXAMPLES.map(|(name, arguments)| {
            let path = path(name);
            scope.spawn(move || faults(&path, arguments, &[]))
        });
        runs.into_iter().flat_map(|run| run.join().unwrap()).collect()
    });
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
