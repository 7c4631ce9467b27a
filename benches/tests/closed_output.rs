//! The programs that measure end well if nobody reads their tables, or if these cannot be written.

#![cfg(target_os = "linux")]

use closed_output::{ALL, judge, run};
use std::process::Command;
use watchdog as _;

/// What they report before they measure: whether the machine is idle, and how long it will take.
const NOTICES: [&str; 2] = ["The load average was", " measurements of "];

fn ends_well(program: &str, arguments: &str) {
    for output in ALL {
        // Each writes its files there.
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(program);
        let ended = run(command.args(arguments.split_whitespace()).current_dir(folder.path()), output);
        assert_eq!(judge(&ended, output, &NOTICES), Ok(()), "{program} {arguments}, {output:?}");
    }
}

#[test]
fn contention_ends_without_a_panic() {
    let arguments = "--quick --time 1ms --max-threads 1 --scenario refused";
    ends_well(env!("CARGO_BIN_EXE_contention"), arguments);
}

#[test]
fn growth_ends_without_a_panic() {
    ends_well(env!("CARGO_BIN_EXE_growth"), "--quick --rounds 1 --only calls");
}

#[test]
fn clocks_end_without_a_panic() {
    ends_well(env!("CARGO_BIN_EXE_clocks"), "--seconds 1");
}
