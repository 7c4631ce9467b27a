//! The contention of threads for this library and its peers: builds the program and hands it the arguments.

use crate::cargo::{cargo, command};
use clap::Args;
use std::path::Path;
use std::process::ExitCode;

/// What the program itself checks: it says what is wrong with them, and what there are.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub struct Contention {
    /// Handed through; `--help` shows them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

impl Contention {
    /// The command line of cargo that builds the program and runs it.
    fn command(&self) -> Vec<String> {
        let program = ["run", "--release", "--quiet", "--package", "benchmarks", "--bin", "contention", "--"];
        program.map(str::to_owned).into_iter().chain(self.arguments.iter().cloned()).collect()
    }
}

/// Measures, and returns the program's exit status: 1 if it could not, 2 for bad arguments.
pub fn contention(root: &Path, contention: &Contention) -> Result<ExitCode, String> {
    let command = command(cargo(), contention.command(), root).unchecked();
    let output = command.run().map_err(|why| format!("contention: {why}"))?;
    // Without a status it was ended by a signal.
    let status = output.status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(ExitCode::from(status))
}

#[cfg(test)]
mod tests {
    use super::Contention;
    use clap::{Args, FromArgMatches};

    #[test]
    fn all_arguments_are_handed_on() {
        let parser = Contention::augment_args(clap::Command::new("contention"));
        let words = ["contention", "--rounds", "1", "--time=5ms", "--help"];
        let parsed = Contention::from_arg_matches(&parser.get_matches_from(words)).unwrap();
        assert_eq!(
            parsed.command().join(" "),
            "run --release --quiet --package benchmarks --bin contention -- --rounds 1 --time=5ms --help"
        );
    }
}
