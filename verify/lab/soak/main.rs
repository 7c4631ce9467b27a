//! A long storm: many threads against one throttle, with random panics, cancels, flushes and changes of the
//! threshold, and the guarantees checked from outside all along. The other front ends take turns.
//!
//! ```text
//! cargo xtask soak --minutes 10
//! MALLOC_ARENA_MAX=1 cargo run --release --example soak -- --minutes 0.2 --seed 7
//! ```
//!
//! (With a heap for each thread glibc's allocator fragments, which looks like memory that grows.)
//!
//! The soak is a series of rounds with one `Throttle`. Before each call a thread publishes the number of the
//! call in a relaxed atomic; each run records the numbers that it sees. After a round every promise is
//! compared with the runs, and the records are dropped: nothing grows with time.
//!
//! Between these rounds each of the other front ends has a round: a storm of the example `storm`, on a
//! throttle that ends with it, judged as there. It has no changes of the threshold, no calls inside runs, and
//! no flushes while others call. After every round, no thread may be left behind.
//!
//! It covers the schedules that happened, on this machine's memory model. On x86-64 a compare-and-swap is a
//! fence, so a missing fence after a start cannot be seen here; the loom models see it. A lost wake-up is
//! seen only in rounds in which nothing else wakes the thread. So half of the odds of a round are 0, and some
//! rounds have a window that only a wake-up ends.

mod fronts;
mod judge;
mod memory;
mod plan;
mod record;
mod report;
mod round;
mod soak;
mod threads;
mod watch;
mod worker;

#[allow(dead_code, unused_imports, reason = "the example `storm` uses what the soak does not")]
#[path = "../storm"]
mod storm {
    pub mod caller;
    pub mod course;
    pub mod front;
    pub mod judge;
    pub mod options;
    pub mod print;
    pub mod record;
    pub mod recorder;
    pub mod slice;
    pub mod turns;
    pub mod whole;
}

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use measure_options::soak::Options;
use memory::MemoryGauge;
use report::Report;
use round::{NoVerdict, Rounds};
use std::process::ExitCode;
use std::time::Instant;
use storm::print::print;

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
    let report = soak(options, seed).map_err(|NoVerdict::NoThread(why)| why)?;
    for line in report.evidence() {
        print(&line.to_string())?;
    }
    print(&report.table())?;
    Ok(report.held())
}

/// Plays rounds until the time is up, or until one breaks a guarantee.
fn soak(options: &Options, seed: u64) -> Result<Report, NoVerdict> {
    let style = ProgressStyle::with_template("{spinner} {wide_bar} {eta}").expect("the template is valid");
    let whole = u64::try_from(options.minutes.as_millis()).unwrap_or(u64::MAX);
    let bar = ProgressBar::new(whole).with_style(style);
    // The planted faults are in the threads of the one throttle.
    let fronts = if options.plant.is_some() { 0 } else { fronts::ALL.len() };
    let mut report = Report::begin(&fronts::ALL[..fronts]);
    let threads = threads::running().unwrap_or(0);
    let (mut rounds, mut memory) = (Rounds::new(options, seed), MemoryGauge::default());
    let began = Instant::now();
    for number in 0.. {
        if began.elapsed() >= options.minutes || !report.held() {
            break;
        }
        match (number % (fronts + 1)).checked_sub(1) {
            None => rounds.next().map(|(plan, verdict)| report.add(&plan, verdict))?,
            Some(front) => {
                let round = fronts::round(seed, number as u64, front, options.threads());
                report.add_front(front, round.map_err(NoVerdict::NoThread)?);
            }
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
