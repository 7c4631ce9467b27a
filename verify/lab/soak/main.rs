//! A long storm: many threads against one throttle, with random panics, cancels, flushes and changes of the
//! threshold, and the guarantees checked from outside all along. All front ends take turns.
//!
//! ```text
//! cargo xtask soak --minutes 10
//! MALLOC_ARENA_MAX=1 cargo run --release --example soak -- --minutes 0.2 --seed 7
//! ```
//!
//! (With a heap for each thread glibc's allocator fragments, which looks like memory that grows.)
//!
//! The soak is a series of storms, each drawn at random as a command line of the example `storm`, and judged
//! as there. `Throttle` lives through all of its rounds, each other front end for one. After a round the
//! records are dropped, so nothing grows with time, and no thread may be left behind.
//!
//! It covers the schedules that happened, on this machine's memory model. On x86-64 a compare-and-swap is a
//! fence, so a missing fence after a start cannot be seen here; the loom models see it. A lost wake-up is
//! seen only in rounds in which nothing else wakes the thread. So half of the odds of a round are 0, and some
//! rounds have a window that only a wake-up ends.

mod draw;
mod memory;
mod report;
mod rounds;
mod threads;

use clap::{Parser, ValueEnum};
use draw::Asked;
use indicatif::{ProgressBar, ProgressStyle};
use lab::print::print;
use measure_options::soak::Options;
use memory::MemoryGauge;
use report::Report;
use rounds::Rounds;
use std::process::ExitCode;
use std::time::Instant;

#[cfg(test)]
use watchdog as _;

fn main() -> ExitCode {
    match has_held(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(why) => {
            eprintln!("soak: {why}");
            ExitCode::from(2)
        }
    }
}

fn has_held(options: &Options) -> Result<bool, String> {
    let seed = options.seed.unwrap_or_else(rand::random);
    print(&format!("soak with --seed {seed}"))?;
    let report = soak(options, seed)?;
    for line in report.evidence() {
        print(&line.to_string())?;
    }
    print(&report.table())?;
    Ok(report.held())
}

/// Plays rounds until the time is up, or until one breaks a guarantee.
fn soak(options: &Options, seed: u64) -> Result<Report, String> {
    let style = ProgressStyle::with_template("{spinner} {wide_bar} {eta}").expect("the template is valid");
    let whole = u64::try_from(options.minutes.as_millis()).unwrap_or(u64::MAX);
    let bar = ProgressBar::new(whole).with_style(style);
    // The faults that are planted are those of callers that own a deferral.
    let turns = if options.plant.is_some() { &rounds::TURNS[..1] } else { &rounds::TURNS };
    let mut report = Report::begin(turns);
    let threads = threads::running().unwrap_or(0);
    let (mut rounds, mut memory) = (Rounds::new(asked(options, seed), turns), MemoryGauge::default());
    let began = Instant::now();
    while began.elapsed() < options.minutes && report.held() {
        report.add(rounds.next()?);
        if !report.held() {
            break;
        }
        report.left_behind(threads::left_behind(threads, options.patience, threads::running));
        if let Some(resident) = memory::resident() {
            memory.note(resident);
        }
        bar.set_position(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX));
    }
    bar.finish_and_clear();
    report.end(memory);
    Ok(report)
}

fn asked(options: &Options, seed: u64) -> Asked {
    let patience = humantime::format_duration(options.patience).to_string().replace(' ', "");
    let mut more = vec![format!("--patience {patience}")];
    if let Some(plant) = options.plant.and_then(|plant| plant.to_possible_value()) {
        more.push(format!("--plant {}", plant.get_name()));
    }
    Asked { seed, threads: options.threads(), most_threads: options.most_threads(), more }
}
