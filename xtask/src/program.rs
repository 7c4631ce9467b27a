//! The programs of the package `benchmarks`: builds one and hands it the arguments.

use crate::cargo::{cargo, command, status};
use clap::Args;
use std::path::Path;
use std::process::ExitCode;

/// What the program itself checks: it says what is wrong with them, and with `--help` what there are.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub struct Arguments {
    /// Handed through; `--help` shows them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

impl Arguments {
    /// The command line of cargo that builds the program, which is not done quietly, for it can take minutes, and
    /// runs it.
    fn command(&self, program: &str) -> Vec<String> {
        let run = ["run", "--release", "--package", "benchmarks", "--bin", program, "--"];
        run.into_iter().map(str::to_owned).chain(self.arguments.iter().cloned()).collect()
    }
}

/// Runs it and returns its exit status: 0 if all is well, 1 if it is not, 2 for bad arguments.
pub fn run(root: &Path, program: &str, arguments: &Arguments) -> Result<ExitCode, String> {
    status(program, &command(cargo(), arguments.command(program), root))
}

#[cfg(test)]
mod tests {
    use super::Arguments;
    use clap::{Args, FromArgMatches};

    #[test]
    fn all_arguments_are_handed_on() {
        let parser = Arguments::augment_args(clap::Command::new("growth"));
        let words = ["growth", "--rounds", "1", "--only=keys", "--help"];
        let parsed = Arguments::from_arg_matches(&parser.get_matches_from(words)).unwrap();
        assert_eq!(
            parsed.command("growth").join(" "),
            "run --release --package benchmarks --bin growth -- --rounds 1 --only=keys --help"
        );
    }
}
