//! Programs that measure: builds one and hands it the arguments.

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

/// A program, and the package that has it.
pub struct Program {
    package: &'static str,
    name: &'static str,
}

pub const CONTENTION: Program = Program { package: "benches", name: "contention" };
pub const GROWTH: Program = Program { package: "benches", name: "growth" };
pub const CLOCKS: Program = Program { package: "benches", name: "clocks" };
pub const CLUSTER: Program = Program { package: "processes", name: "cluster-figures" };

impl Arguments {
    /// The command line of cargo that builds the program, which is not done quietly, for it can take minutes, and
    /// runs it.
    fn command(&self, program: &Program) -> Vec<String> {
        let run = ["run", "--release", "--package", program.package, "--bin", program.name, "--"];
        run.into_iter().map(str::to_owned).chain(self.arguments.iter().cloned()).collect()
    }
}

/// Runs it and returns its exit status: 0 if all is well, 1 if it is not, 2 for bad arguments.
pub fn run(root: &Path, program: &Program, arguments: &Arguments) -> Result<ExitCode, String> {
    status(program.name, &command(cargo(), arguments.command(program), root))
}

#[cfg(test)]
mod tests {
    use super::{Arguments, GROWTH};
    use clap::{Args, FromArgMatches};

    #[test]
    fn all_arguments_are_handed_on() {
        let parser = Arguments::augment_args(clap::Command::new("growth"));
        let words = ["growth", "--rounds", "1", "--only=keys", "--help"];
        let parsed = Arguments::from_arg_matches(&parser.get_matches_from(words)).unwrap();
        assert_eq!(
            parsed.command(&GROWTH).join(" "),
            "run --release --package benches --bin growth -- --rounds 1 --only=keys --help"
        );
    }
}
