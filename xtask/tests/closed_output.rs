//! The commands end well if nobody reads their output, or if it cannot be written.

#![cfg(target_os = "linux")]

use closed_output::{ALL, judge, run};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use watchdog as _;

/// A cargo that builds nothing, has one fuzz target, and writes more lines than a pipe holds.
const CARGO: &str = r#"#!/bin/sh
case "$1" in
metadata) echo '{"packages":[{"targets":[{"kind":["bin"],"name":"one"}]}]}' ;;
*) yes 'test result: ok. 1 passed;' | head -20000 ;;
esac
"#;

/// The commands that print by themselves.
const COMMANDS: [&str; 2] = ["loom", "fuzz --seconds 1 one"];

#[test]
fn commands_end_without_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let cargo = folder.path().join("cargo");
    fs::write(&cargo, CARGO).unwrap();
    fs::set_permissions(&cargo, PermissionsExt::from_mode(0o755)).unwrap();
    for arguments in COMMANDS {
        for output in ALL {
            let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"));
            let ended = run(xtask.args(arguments.split_whitespace()).env("CARGO", &cargo), output);
            assert_eq!(judge(&ended, output, &[]), Ok(()), "{arguments}, {output:?}");
        }
    }
}
