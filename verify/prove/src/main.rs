//! Proves the compiled transitions: `cargo xtask prove`.

use prove::{proof, solver};
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "cargo xtask prove [--full]

Proves that what the compiler made of the transitions equals the table, for all values.
  --full  also what stands beside the transitions, and faults that are planted in the sources";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let is_full = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => false,
        ["--full"] => true,
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    if !solver::is_installed() {
        println!(
            "prove: SKIPPED, nothing was proved: z3 is not installed (on Debian and Ubuntu: apt-get install z3)"
        );
        return ExitCode::SUCCESS;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    match proof::prove(&root, &root.join("target/prove"), is_full) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("prove: {why}");
            ExitCode::FAILURE
        }
    }
}
