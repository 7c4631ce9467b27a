//! The project's own commands. `cargo xtask verify` runs every check; the others are parts of it, or make
//! the figures of the README.

mod cargo;
mod fuzz;
mod instructions;
mod ladder;
mod program;
mod ratios;
mod release;
mod report;
mod rung;
mod soak;
mod verify;
mod weaken;

use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "The project's own commands")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run every check, and write what all have shown into target/assurance.html.
    Verify {
        /// Go to the full depth: hours, not minutes.
        #[arg(long)]
        deep: bool,
    },
    /// Run the loom models.
    Loom,
    /// Show that each memory ordering and fence is needed: weaken them one at a time under the models.
    Weaken,
    /// Look for new inputs with every fuzz target, or with those named.
    Fuzz {
        /// How long to fuzz each target.
        #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
        seconds: u32,
        /// All of them if none is named.
        targets: Vec<String>,
    },
    /// Call one throttle from many threads for a long time, and check the guarantees all along.
    Soak(soak::Soak),
    /// Count the instructions of each path, and compare them with the record (needs valgrind).
    Instructions(instructions::Instructions),
    /// Measure how calls of this library and of its peers scale with threads: tables, a picture and a page.
    Contention(program::Arguments),
    /// Measure what a call costs as calls in a window, keys and threads grow: tables, pictures and a page.
    Growth(program::Arguments),
    /// Measure the clocks: what a reading costs, how far it lags, whether it is ordered across cores.
    Clocks(program::Arguments),
    /// Measure a throttle of several processes: commands to its register, how late runs are, takeovers.
    Cluster(program::Arguments),
    /// Say whether both packages may be published: everything is checked on the files that would be uploaded.
    Release,
    /// Print the ratios of the last `cargo bench`, as the README has them.
    Ratios,
}

fn main() -> ExitCode {
    let root = root();
    let ok = |()| ExitCode::SUCCESS;
    let done = match Arguments::parse().command {
        Command::Verify { deep } => {
            // The checks look at the environment, so what it asks for is what is reported.
            let deep = deep || evidence::deep();
            verify::verify(&root, if deep { ladder::Depth::Deep } else { ladder::Depth::Usual }).map(ok)
        }
        Command::Loom => verify::loom(&root).map(ok),
        Command::Weaken => weaken::weaken(&root).map(ok),
        Command::Fuzz { seconds, targets } => {
            fuzz::fuzz(&root, seconds, &targets).map(ok).map_err(|why| why.to_string())
        }
        Command::Soak(arguments) => soak::soak(&root, &arguments),
        Command::Instructions(arguments) => instructions::instructions(&root, &arguments).map(ok),
        Command::Contention(arguments) => program::run(&root, &program::CONTENTION, &arguments),
        Command::Growth(arguments) => program::run(&root, &program::GROWTH, &arguments),
        Command::Clocks(arguments) => program::run(&root, &program::CLOCKS, &arguments),
        Command::Cluster(arguments) => program::run(&root, &program::CLUSTER, &arguments),
        Command::Release => release::release(&root).map(ok),
        Command::Ratios => ratios::table(&ratios::folder(&root)).map(|table| print!("{table}")).map(ok),
    };
    match done {
        Ok(status) => status,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the repository: the folder that holds this package.
fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}
