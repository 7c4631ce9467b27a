//! The program that runs the bench `instructions` under valgrind. It is a target of this package, so cargo
//! builds it with the bench, in the same version, and nobody has to install it.

use std::process::ExitCode;

fn main() -> ExitCode {
    match gungraun_runner::runner::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why:#}");
            ExitCode::FAILURE
        }
    }
}
