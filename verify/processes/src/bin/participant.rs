//! A process of a trial.

use std::process::ExitCode;

fn main() -> ExitCode {
    processes::participant::main(std::env::args_os())
}
