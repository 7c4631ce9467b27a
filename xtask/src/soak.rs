//! The storm for a long time: builds the example `soak` and hands it the arguments.

use crate::cargo::{cargo, command, status};
use clap::Args;
use std::path::Path;
use std::process::ExitCode;

/// The soak itself checks these arguments, and says what is wrong with them.
#[derive(Args)]
pub struct Soak {
    /// How many minutes the soak lasts, such as 0.2 [default: 1]
    #[arg(long, allow_hyphen_values = true)]
    minutes: Option<String>,
    /// Threads of every round [default: drawn for each round]
    #[arg(long, allow_hyphen_values = true)]
    threads: Option<String>,
    /// Repeats the choices of an earlier soak, though not its schedule [default: drawn]
    #[arg(long, allow_hyphen_values = true)]
    seed: Option<String>,
}

impl Soak {
    /// The command line of cargo that builds the soak and runs it.
    fn command(&self) -> Vec<String> {
        let soak = ["run", "--release", "--quiet", "--package", "lab", "--example", "soak", "--"];
        let mut words = soak.map(str::to_owned).to_vec();
        let given = [("minutes", &self.minutes), ("threads", &self.threads), ("seed", &self.seed)];
        for (name, value) in given {
            words.extend(value.iter().map(|value| format!("--{name}={value}")));
        }
        words
    }
}

/// One heap for all threads (of the allocator of glibc; other allocators do not know this variable). Each round
/// has threads of its own, and many heaps that fragment look like memory that grows.
const ONE_HEAP: (&str, &str) = ("MALLOC_ARENA_MAX", "1");

/// Runs the soak and returns its exit status: 0 if all held, 1 if a guarantee was seen broken, 2 for bad
/// arguments.
pub fn soak(root: &Path, soak: &Soak) -> Result<ExitCode, String> {
    status("soak", &command(cargo(), soak.command(), root).env(ONE_HEAP.0, ONE_HEAP.1))
}

#[cfg(test)]
mod tests {
    use super::Soak;

    #[test]
    fn what_is_given_is_handed_on() {
        let soak = Soak { minutes: Some("0.2".to_owned()), threads: None, seed: Some("-7".to_owned()) };
        assert_eq!(
            soak.command().join(" "),
            "run --release --quiet --package lab --example soak -- --minutes=0.2 --seed=-7"
        );
    }
}
