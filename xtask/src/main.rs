//! The project's own commands: the checks, the programs that make the figures of the documents, and whether both packages
//! may be published.

mod api;
mod cargo;
mod copy;
mod corpus;
mod fuzz;
mod instructions;
mod ladder;
mod links;
mod lock;
mod platforms;
mod print;
mod program;
mod ratios;
mod release;
mod report;
mod rung;
mod swaps;
mod theorems;
mod verify;
mod weaken;
mod workers;

use crate::ladder::Depth;
use crate::print::{complain, print};
use clap::{Parser, Subcommand};
use measure_options::{clocks, cluster, contention, growth, soak, wakes};
use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[cfg(test)]
use watchdog as _;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "The project's own commands")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the quick checks, and write what they have shown into target/assurance.html.
    Verify {
        /// Every rung: some forty minutes on two cores.
        #[arg(long)]
        full: bool,
        /// Every rung to its full depth: hours, not minutes.
        #[arg(long)]
        deep: bool,
        /// Only these rungs of that depth.
        #[arg(long, value_name = "RUNG", num_args = 1..)]
        only: Vec<String>,
    },
    /// Run the loom models.
    Loom,
    /// Show that each memory ordering and fence is needed: weaken them one at a time under the models.
    Weaken,
    /// Prove that what the compiler made of the transitions equals the table, for all values (needs z3).
    Prove {
        /// Also what stands beside the transitions, and faults that are planted in the sources.
        #[arg(long)]
        full: bool,
    },
    /// Prove that the table of transitions keeps the promises, and plant faults in it (needs Coq).
    Theorems(theorems::Theorems),
    /// Show that the order of statements is watched: swap two, or move a reading, one at a time. Takes hours.
    Swaps(swaps::Swaps),
    /// Look for new inputs with every fuzz target, or with those named.
    Fuzz(fuzz::Arguments),
    /// Count the instructions of each path, and compare them with the record (needs valgrind).
    Instructions(instructions::Instructions),
    Soak(soak::Options),
    Wakes(wakes::Options),
    Contention(contention::Options),
    Growth(growth::Options),
    Clocks(clocks::Options),
    Cluster(cluster::Options),
    /// Run the tests of the library on every platform that this machine can run, and build it for others.
    Platforms(platforms::Platforms),
    /// Compare the public items of both packages with the lists in xtask/api (needs a nightly).
    Api {
        /// Renew the lists instead: look at the difference before you commit it.
        #[arg(long)]
        record: bool,
    },
    /// Say whether both packages may be published: everything is checked on the files that would be uploaded.
    Release {
        /// All but what is missing until the day of the release: the address of the repository, and a commit.
        #[arg(long)]
        draft: bool,
    },
    /// Follow every link of the documents to its file and heading, without a network; list those to other places.
    Links,
    /// Draw docs/states.svg from the transitions. A test compares the two.
    Diagram,
    /// Print the ratios of the last `cargo bench`, as docs/cost.md has them.
    Ratios,
}

fn main() -> ExitCode {
    let root = root();
    // Programs run there, so a path on the command line is checked from there.
    if let Err(why) = env::set_current_dir(&root) {
        complain(&format!("{}: {why}", root.display()));
        return ExitCode::FAILURE;
    }
    // After the name of the command.
    let arguments = env::args_os().skip(2).collect();
    let ok = |()| ExitCode::SUCCESS;
    let done = match Arguments::parse().command {
        Command::Verify { full, deep, only } => {
            // The checks look at the environment, so the reported depth is the one that it asks for.
            let depth = match (deep || evidence::deep(), full) {
                (true, _) => Depth::Deep,
                (false, true) => Depth::Full,
                (false, false) => Depth::Quick,
            };
            verify::verify(&root, depth, &only).map(ok)
        }
        Command::Loom => verify::loom(&root).map(ok),
        Command::Weaken => weaken::weaken(&root).map(ok),
        // Both builds lie in one place of a checkout.
        Command::Prove { .. } => lock::alone(&root, "prove", || program::PROVE.run(&root, arguments)),
        Command::Theorems(options) => theorems::theorems(&root, &options).map(ok),
        Command::Swaps(options) => swaps::swaps(&root, &options).map(ok),
        Command::Fuzz(arguments) => fuzz::fuzz(&root, &arguments).map(ok).map_err(|why| why.to_string()),
        Command::Instructions(options) => instructions::instructions(&root, &options).map(ok),
        // Each is a program that parses its arguments itself.
        Command::Soak(_) => program::SOAK.run(&root, arguments),
        Command::Wakes(_) => program::WAKES.run(&root, arguments),
        Command::Contention(_) => program::CONTENTION.run(&root, arguments),
        Command::Growth(_) => program::GROWTH.run(&root, arguments),
        Command::Clocks(_) => program::CLOCKS.run(&root, arguments),
        Command::Cluster(_) => program::CLUSTER.run(&root, arguments),
        Command::Api { record } => api::api(&root, record).map(ok),
        Command::Platforms(options) => platforms::platforms(&root, &options).map(ok),
        Command::Ratios => {
            ratios::table(&ratios::folder(&root)).and_then(|table| print(table.trim_end())).map(ok)
        }
        Command::Diagram => report::record_diagram(&root).map(ok).map_err(|why| why.to_string()),
        Command::Links => links::check(&root).map(ok),
        Command::Release { draft } => release::release(&root, draft).map(ok),
    };
    match done {
        Ok(status) => status,
        Err(why) => {
            complain(&why);
            ExitCode::FAILURE
        }
    }
}

/// The root of the repository: the folder that holds this package.
fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}
