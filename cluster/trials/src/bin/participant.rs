//! A process of a trial.

use std::process::ExitCode;

fn main() -> ExitCode {
    atomic_throttle_cluster_trials::participant::main(std::env::args_os())
}
