//! The figures end well if nobody reads them, or if they cannot be written. A participant writes nothing.

#![cfg(target_os = "linux")]

#[path = "../../../tests/closed_output/harness.rs"]
mod harness;

use std::path::Path;

#[test]
fn figures_end_without_a_panic() {
    let program = Path::new(env!("CARGO_BIN_EXE_cluster-figures"));
    let faults = harness::faults(program, "--time 1ms --kills 1 --processes 1 --threshold 10ms", &[]);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
