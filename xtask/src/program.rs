//! Builds a program that measures or soaks, and runs it with the given arguments.
//!
//! `cargo xtask` has parsed them before, by the program's own options (`measure-options`): so `--help` and a wrong
//! argument are answered before anything is built.

use crate::cargo::{cargo, command, status};
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

/// A program, and how cargo finds it.
pub struct Program {
    name: &'static str,
    target: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
}

pub const CONTENTION: Program = binary("contention", &["--package", "benches", "--bin", "contention"]);
pub const GROWTH: Program = binary("growth", &["--package", "benches", "--bin", "growth"]);
pub const CLOCKS: Program = binary("clocks", &["--package", "benches", "--bin", "clocks"]);
pub const CLUSTER: Program = binary("cluster", &["--package", "processes", "--bin", "cluster-figures"]);
/// It proves rather than measures, and is started the same way.
pub const PROVE: Program = binary("prove", &["--quiet", "--package", "prove", "--bin", "prove"]);
pub const SOAK: Program = Program {
    name: "soak",
    target: &["--quiet", "--package", "lab", "--example", "soak"],
    // One heap for all threads, in the allocator of glibc; others ignore it. Each round has threads of its own, and
    // many heaps that fragment look like memory that grows.
    environment: &[("MALLOC_ARENA_MAX", "1")],
};

pub const WAKES: Program = binary("wakes", &["--quiet", "--package", "lab", "--example", "wakes"]);

const fn binary(name: &'static str, target: &'static [&'static str]) -> Program {
    Program { name, target, environment: &[] }
}

impl Program {
    /// Builds and runs it, and returns its exit status: 0 if all is well, 1 if it is not, 2 for bad arguments. A build
    /// can take minutes, so cargo shows it.
    pub fn run(&self, root: &Path, arguments: Vec<OsString>) -> Result<ExitCode, String> {
        let command = command(cargo(), self.command_line(arguments), root);
        let set = |command: duct::Expression, (variable, value): &(_, _)| command.env(variable, value);
        status(self.name, &self.environment.iter().fold(command, set))
    }

    fn command_line(&self, arguments: Vec<OsString>) -> Vec<OsString> {
        let run = ["run", "--release"].iter().chain(self.target).chain(&["--"]);
        run.map(OsString::from).chain(arguments).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{GROWTH, SOAK};
    use std::ffi::OsString;

    fn words(words: &str) -> Vec<OsString> {
        words.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn all_arguments_are_handed_on() {
        assert_eq!(
            GROWTH.command_line(words("--rounds 1 --only=keys")),
            words("run --release --package benches --bin growth -- --rounds 1 --only=keys")
        );
        assert_eq!(
            SOAK.command_line(words("--minutes=0.2 --seed 7")),
            words("run --release --quiet --package lab --example soak -- --minutes=0.2 --seed 7")
        );
    }
}
