//! The examples end well if nobody reads what they write, or if it cannot be written: with one line on standard
//! error at most, with an exit status, and not with a panic.
//!
//! `reload` goes on without a reader, and has tests of its own.

#![cfg(all(target_os = "linux", not(miri)))]

#[path = "closed_output/harness.rs"]
mod harness;

use harness::{build, faults};
use std::thread;

/// Each with arguments that make it short.
const EXAMPLES: [(&str, &str); 9] = [
    ("gate_by_hand", ""),
    ("group_commit", ""),
    ("keyed_alerts", ""),
    ("lateness", "--rounds 1"),
    ("log_summary", ""),
    ("other_runtime", ""),
    ("soak", "--minutes 0.0001 --threads 2"),
    ("storm", "--seconds 0.05 --threads 2"),
    ("ui_refresh", ""),
];

/// A soak that is too short says so.
const NOTICES: [&str; 1] = ["nothing was seen of "];

#[test]
fn examples_end_without_a_panic() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let mut arguments = vec!["--features", "tokio,keyed"];
    arguments.extend(EXAMPLES.iter().flat_map(|(name, _)| ["--example", name]));
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
