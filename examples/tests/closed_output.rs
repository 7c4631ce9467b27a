//! The examples end well if nobody reads what they write, or if it cannot be written: with one line on standard
//! error at most, with an exit status, and not with a panic.
//!
//! `reload` goes on without a reader, and has tests of its own.

#![cfg(all(target_os = "linux", not(miri)))]

use closed_output::{build, faults};
use std::thread;
use watchdog as _;

/// Each with arguments that make it short.
const EXAMPLES: [(&str, &str); 11] = [
    ("cache_refresh", ""),
    ("gate_by_hand", ""),
    ("group_commit", ""),
    ("http_metrics", ""),
    ("keyed_alerts", ""),
    ("lateness", "--rounds 1"),
    ("log_summary", ""),
    ("other_runtime", ""),
    ("reload_daemon", ""),
    ("tenant_webhooks", ""),
    ("ui_refresh", ""),
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
