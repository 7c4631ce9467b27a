//! How calls scale with threads: this library beside what a program would use instead, on the paths that
//! programs take. It measures throughput and latency, for 1, 2, 4, ... threads and beyond the cores.
//!
//! ```text
//! cargo xtask contention
//! cargo xtask contention --quick
//! ```
//!
//! It writes tables, a picture and a page, with what each contestant promises: a contestant that promises less does
//! less. The page says how it was measured and what it cannot show (`report.rs`).

mod contestants;
mod figures;
mod measure;
mod page;
mod picture;
mod plan;
mod progress;
mod report;
#[cfg(test)]
mod samples;
mod scenario;
mod subject;
mod tables;
mod text;

use crate::figures::Figures;
use crate::measure::Meter;
use crate::progress::Progress;
use crate::report::Report;
use benches::machine::Machine;
use benches::notice;
use clap::Parser;
use measure_options::contention::Options;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

#[cfg(test)]
use watchdog as _;

fn main() -> ExitCode {
    match contention(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            notice(why);
            ExitCode::FAILURE
        }
    }
}

fn contention(options: &Options) -> Result<(), String> {
    // Before the minutes of measuring.
    let folder = options.folder();
    fs::create_dir_all(&folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    let report = measured(options)?;
    let picture = picture::draw(&report)?;
    write(&folder, "contention.md", &text::markdown(&report))?;
    write(&folder, "contention.html", &page::page(&report, &picture))?;
    write(&folder, "contention.svg", &picture)?;
    // Last: the files have the results even if nobody reads the tables.
    let tables = text::terminal(&report);
    let written =
        format!("written: contention.md, contention.svg and contention.html in {}", folder.display());
    write!(io::stdout(), "{tables}\n{written}\n").map_err(|why| format!("cannot print the tables: {why}"))
}

fn measured(options: &Options) -> Result<Report, String> {
    let mut cores = core_affinity::get_core_ids().unwrap_or_default();
    // A quota may allow fewer cores.
    cores.truncate(thread::available_parallelism().map_or(1, usize::from));
    let mut machine = Machine::here();
    // If the system does not name its cores, the number that the machine reports stays.
    if !cores.is_empty() {
        machine.cores = cores.len();
    }
    let contestants = contestants::list();
    let scenarios = options.scenarios();
    let threads = plan::thread_counts(machine.cores, options.max_threads(machine.cores));
    let (rounds, time) = (options.rounds(), options.time());
    let steps = plan::steps(&contestants, &scenarios, &threads, rounds);
    if let Some(warning) = machine.warning() {
        notice(warning);
    }
    let estimate = Duration::from_secs(progress::estimate(steps.len(), time).as_secs() + 1);
    notice(format_args!(
        "{} measurements of {time:?}, with up to {} threads on {} cores: about {}",
        steps.len(),
        threads.last().unwrap_or(&1),
        machine.cores,
        humantime::format_duration(estimate)
    ));
    let meter = Meter { time, cores, clock: quanta::Clock::new() };
    let mut figures = Figures::new(machine.cores);
    let mut progress = Progress::new(steps.len());
    for step in &steps {
        let contestant = &contestants[step.contestant];
        progress.begins(measure::describe(step, contestant));
        let measured = meter.measure(step, contestant)?;
        figures.add(step, contestant, &meter.clock, &measured);
        progress.ended();
    }
    let clock_step = measure::step_of(&meter.clock);
    Ok(Report { contestants, scenarios, threads, rounds, time, machine, clock_step, figures })
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), String> {
    let path = folder.join(name);
    fs::write(&path, text).map_err(|why| format!("{}: {why}", path.display()))
}
