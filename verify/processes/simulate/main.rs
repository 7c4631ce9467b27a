//! What many processes cost the server of their register, in simulated time. The decisions and the pace of
//! each process are real; the network and the server are a model.
//!
//! ```text
//! cargo run --release -p processes --example simulate
//! cargo run --release -p processes --example simulate -- --processes 1000 --threshold 10s
//! ```

#![allow(clippy::cast_precision_loss, reason = "figures to be shown")]

mod figures;
mod process;
mod server;
mod simulation;
#[cfg(test)]
mod tests;

use crate::figures::Figures;
use crate::simulation::{Parameters, simulate};
use clap::Parser;
use core::time::Duration;
use main_error::MainResult;
use measure_options::shared::{Threshold, duration, positive};
use std::io::{self, Write};

#[cfg(test)]
use watchdog as _;

const MODEL: &str = "\
The model: each process is on a machine of its own, and has calls at random times (Poisson). The library's own \
code decides what a process does, and when it looks. Each way to the server takes the shortest time and an \
exponentially distributed extra time; the server executes one command after the other, each in the same \
time. All clocks agree.

Its limits: nothing is lost, no process dies, and no connection is made again; the server has no other work; a \
process wakes exactly when it wants to and decides in no time; its function always takes the same time. So the \
figures describe the protocol, not a network or a machine.";

/// Simulates many processes at one register, and shows what they cost its server.
#[derive(Parser)]
#[command(name = "simulate", after_help = MODEL)]
struct Options {
    /// How many processes [default: 1, 10, 100 and 1000]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    processes: Option<u32>,

    #[command(flatten)]
    threshold: Threshold<2_000_000, 0, { u64::MAX }>,

    /// Calls per second in each process
    #[arg(long, default_value_t = 2.0, value_parser = positive)]
    rate: f64,

    /// How long a run takes
    #[arg(long, default_value = "20ms", value_parser = duration)]
    run: Duration,

    /// The shortest way to the server, or back
    #[arg(long, default_value = "100us", value_parser = duration)]
    way: Duration,

    /// The average extra time of each way
    #[arg(long, default_value = "50us", value_parser = duration)]
    way_more: Duration,

    /// How long the server takes for one command
    #[arg(long, default_value = "20us", value_parser = duration)]
    service: Duration,

    /// The number of windows during which calls are made
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    windows: u32,

    /// The seed of all random times; the same seed gives the same figures
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> MainResult {
    let options = Options::parse();
    let counts = options.processes.map_or_else(|| vec![1, 10, 100, 1000], |count| vec![count]);
    let mut rows = Vec::new();
    for processes in counts {
        for jitter in [true, false] {
            let model = Parameters {
                processes: processes as usize,
                threshold: options.threshold.time(),
                rate: options.rate,
                run: options.run,
                way: options.way,
                way_more: options.way_more,
                service: options.service,
                windows: options.windows,
                jitter,
                seed: options.seed,
            };
            rows.push(Figures::of(&model, &simulate(model)));
        }
    }
    let mut out = io::stdout().lock();
    writeln!(out, "{MODEL}\n")?;
    writeln!(
        out,
        "Threshold {:?}, {} calls per second and process, a run of {:?}, {:?} for each way and {:?} more on \
         average, {:?} per command, {} windows, seed {}.\n",
        options.threshold.time(),
        options.rate,
        options.run,
        options.way,
        options.way_more,
        options.service,
        options.windows,
        options.seed
    )?;
    writeln!(out, "{}", figures::table(&rows))?;
    Ok(())
}
