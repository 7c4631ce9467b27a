//! Wrong arguments of a program are reported before anything is built: cargo is not called.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};
use tempfile::TempDir;
use watchdog as _;

/// The command line, and an option of the program.
const PROGRAMS: [(&str, &str); 6] = [
    ("soak", "--minutes"),
    ("wakes", "--waits"),
    ("contention", "--max-threads"),
    ("growth", "--only"),
    ("clocks", "--seconds"),
    ("cluster", "--kills"),
];

/// A cargo that builds nothing, and leaves a file with its arguments where it was called.
struct Cargo(TempDir);

impl Cargo {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let script = "#!/bin/sh\nprintf '%s\\n' \"$@\" > \"$(dirname \"$0\")/called\"\nexit 3\n";
        fs::write(folder.path().join("cargo"), script).unwrap();
        fs::set_permissions(folder.path().join("cargo"), PermissionsExt::from_mode(0o755)).unwrap();
        Self(folder)
    }

    fn xtask(&self, arguments: &str) -> Output {
        Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(arguments.split_whitespace())
            .current_dir("/")
            .env("CARGO", self.0.path().join("cargo"))
            .output()
            .unwrap()
    }

    fn was_called_with(&self) -> Option<String> {
        fs::read_to_string(self.0.path().join("called")).ok()
    }
}

#[test]
fn help_is_the_program_s_own_and_comes_at_once() {
    let cargo = Cargo::new();
    for (program, option) in PROGRAMS {
        for command in [format!("{program} --help"), format!("help {program}")] {
            let help = cargo.xtask(&command);
            let text = String::from_utf8(help.stdout).unwrap();
            assert_eq!(help.status.code(), Some(0), "{command}: {text}");
            assert!(text.contains(option), "{command}: {text}");
            assert!(text.contains(&format!("Usage: cargo xtask {program} ")), "{command}: {text}");
            assert_eq!(cargo.was_called_with(), None, "{command}");
        }
    }
}

#[test]
fn a_wrong_argument_is_refused_at_once() {
    let cargo = Cargo::new();
    let mut wrong: Vec<String> = PROGRAMS.iter().map(|(program, _)| format!("{program} --nope")).collect();
    wrong.extend(PROGRAMS.iter().map(|(program, option)| format!("{program} {option} x")));
    wrong.extend(["contention", "growth"].map(|program| format!("{program} --out Cargo.toml")));
    for arguments in wrong {
        let refused = cargo.xtask(&arguments);
        let why = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(2), "{arguments}: {why}");
        assert!(why.starts_with("error: "), "{arguments}: {why}");
        assert_eq!(cargo.was_called_with(), None, "{arguments}");
    }
}

#[test]
fn arguments_that_are_right_go_on_to_the_program_as_they_are() {
    for (program, arguments) in [
        ("soak", "--minutes=0.2 --seed 7"),
        ("wakes", "--waits 3 --waiters=1"),
        ("contention", "--quick --max-threads 2"),
        ("growth", "--only=keys --rounds 1"),
        ("clocks", "--seconds 1"),
        ("cluster", "--time 500ms"),
    ] {
        let cargo = Cargo::new();
        let ended = cargo.xtask(&format!("{program} {arguments}"));
        assert_eq!(ended.status.code(), Some(3), "{program}: the status is that of the program");
        let called = cargo.was_called_with().expect("the program was run").replace('\n', " ");
        assert!(called.trim_end().ends_with(&format!(" -- {arguments}")), "{called}");
    }
}
