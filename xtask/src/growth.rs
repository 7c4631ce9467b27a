//! Cost as work grows: builds the program `growth` and hands it the arguments.

use crate::cargo::{cargo, command};
use clap::Args;
use std::path::Path;
use std::process::ExitCode;

/// The program knows its arguments, and tells them with `--help`.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub struct Growth {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    arguments: Vec<String>,
}

impl Growth {
    /// The command line of cargo that builds the program and runs it.
    fn command(&self) -> Vec<String> {
        let growth = ["run", "--release", "--quiet", "--package", "benchmarks", "--bin", "growth", "--"];
        growth.into_iter().map(str::to_owned).chain(self.arguments.iter().cloned()).collect()
    }
}

/// Runs it and returns its exit status: 0 if all counts are right, 1 if one is wrong, 2 for bad arguments.
pub fn growth(root: &Path, growth: &Growth) -> Result<ExitCode, String> {
    let command = command(cargo(), growth.command(), root).unchecked();
    let output = command.run().map_err(|why| format!("growth: {why}"))?;
    // Without a status it was ended by a signal.
    let status = output.status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(ExitCode::from(status))
}

#[cfg(test)]
mod tests {
    use super::Growth;
    use clap::Parser;

    #[derive(Parser)]
    struct Whole {
        #[command(flatten)]
        growth: Growth,
    }

    #[test]
    fn all_arguments_are_handed_on() {
        let whole = Whole::try_parse_from(["growth", "--quick", "--only", "keys", "--help"]).unwrap();
        assert_eq!(
            whole.growth.command().join(" "),
            "run --release --quiet --package benchmarks --bin growth -- --quick --only keys --help"
        );
    }
}
