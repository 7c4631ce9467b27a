//! The figures, the storm and the simulation end well if nobody reads what they write, or if it cannot be written.
//! A participant writes nothing.

#![cfg(target_os = "linux")]

use closed_output::{build, faults};
use std::path::Path;
use watchdog as _;

/// Each with arguments that make it short.
const EXAMPLES: [(&str, &str); 2] = [
    ("simulate", "--processes 1 --windows 2"),
    ("storm", "--processes 2 --threshold 10ms --run-time 0 --seconds 0.2"),
];

#[test]
fn figures_end_without_a_panic() {
    let program = Path::new(env!("CARGO_BIN_EXE_cluster-figures"));
    let faults = faults(program, "--time 1ms --kills 1 --processes 1 --threshold 10ms", &[]);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn examples_end_without_a_panic() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let arguments: Vec<_> = EXAMPLES.iter().flat_map(|(name, _)| ["--example", name]).collect();
    let path = build(manifest, &arguments);
    let faults: Vec<String> =
        EXAMPLES.iter().flat_map(|(name, arguments)| faults(&path(name), arguments, &[])).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
