//! A storm for a long time: many threads against one throttle, with random panics, cancels, flushes and
//! changes of the threshold, and the guarantees checked from outside all along.
//!
//! ```text
//! cargo xtask soak --minutes 10
//! cargo run --release --example soak -- --minutes 0.2 --seed 7
//! ```
//!
//! The soak is a row of rounds with one throttle. Before each call a thread publishes the number of the
//! call in a relaxed atomic; each run records the numbers that it sees. After a round every promise is
//! compared with the runs, and the records are forgotten: nothing grows with time.
//!
//! It shows what the schedules that happened show, on this machine's memory model. On x86-64 a
//! compare-and-swap is a fence, so a missing fence after a start cannot be seen here; the loom models see
//! it. A lost wake-up is seen only in rounds in which nothing else wakes the thread, which is why half of
//! the odds of a round are 0, and why some rounds have a window that only a wake-up ends.

mod judge;
mod memory;
mod options;
mod plan;
mod record;
mod report;
mod round;
mod soak;
mod watch;
mod worker;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use memory::Memory;
use options::Options;
use report::Report;
use round::{NoVerdict, Rounds};
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let options = Options::parse();
    let seed = options.seed.unwrap_or_else(rand::random);
    println!("soak with --seed {seed}");
    match soak(&options, seed) {
        Ok(report) => {
            println!("{}", report.table());
            if report.held() { ExitCode::SUCCESS } else { ExitCode::from(1) }
        }
        Err(NoVerdict::NoThread(why)) => {
            eprintln!("soak: {why}");
            ExitCode::from(2)
        }
    }
}

/// Rounds until the time is over, or until one broke a guarantee.
fn soak(options: &Options, seed: u64) -> Result<Report, NoVerdict> {
    let style = ProgressStyle::with_template("{spinner} {wide_bar} {eta}").expect("the template is valid");
    let whole = u64::try_from(options.minutes.as_millis()).unwrap_or(u64::MAX);
    let bar = ProgressBar::new(whole).with_style(style);
    let mut report = Report::begin();
    let (mut rounds, mut memory) = (Rounds::new(options, seed), Memory::default());
    let began = Instant::now();
    while began.elapsed() < options.minutes && report.held() {
        let (plan, verdict) = rounds.next()?;
        if let Some(resident) = memory::resident() {
            memory.note(resident);
        }
        bar.set_position(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX));
        report.add(&plan, verdict);
    }
    bar.finish_and_clear();
    report.end(memory);
    Ok(report)
}
