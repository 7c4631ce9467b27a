//! The storm, the soak and the waits end well if nobody reads their output, or if it cannot be written: with an exit
//! status, without a panic, and with at most one line on standard error.

#![cfg(all(target_os = "linux", not(miri)))]

use closed_output::{build, faults};
use std::thread;
use watchdog as _;

/// Each with arguments that make it short.
const EXAMPLES: [(&str, &str); 3] = [
    ("soak", "--minutes 0.0001 --threads 2"),
    ("storm", "--seconds 0.05 --threads 2"),
    ("wakes", "--waits 10 --waiters 2"),
];

/// A soak that is too short says so.
const NOTICES: [&str; 1] = ["nothing was seen of "];

#[test]
fn examples_end_without_a_panic() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let arguments: Vec<_> = EXAMPLES.iter().flat_map(|(name, _)| ["--example", name]).collect();
    let path = build(manifest, &arguments);
    let faults: Vec<String> = thread::scope(|scope| {
        let runs = EXAMPLES.map(|(name, arguments)| {
            let path = path(name);
            scope.spawn(move || faults(&path, arguments, &NOTICES))
        });
        runs.into_iter().flat_map(|run| run.join().unwrap()).collect()
    });
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
