//! A storm of calls on a front end, and a check that the guarantees held.
//!
//! ```text
//! cargo run --release --example storm
//! cargo run --release --example storm -- --threads 6 --rate 300 --run-time 5ms --svg storm.svg
//! cargo run --release --example storm -- --front background
//! cargo run --release --example storm -- --front async
//! cargo run --release --example storm -- --front keyed --keys 40
//! ```
//!
//! Many threads, or tasks, call one throttle, or one for each key. Before each call a caller publishes the
//! number of the call in a relaxed atomic; each run records the numbers that it sees. So every promise can be
//! checked afterwards, without a lock or a fence that could make up for one that the throttle lacks.
//!
//! The callers, what a run records and the judge are the same for all front ends; each of those is a file
//! in `front/`.

mod caller;
mod course;
mod front;
mod judge;
mod options;
mod picture;
mod print;
mod record;
mod recorder;
mod report;
mod slice;
mod turns;
mod whole;

use clap::Parser;
use front::{Background, Blocking, Front, Which};
use indicatif::{ProgressBar, ProgressStyle};
use options::Options;
use print::print;
use report::Report;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use whole::Whole;

#[cfg(test)]
use watchdog as _;

fn main() -> ExitCode {
    let options = Options::parse();
    let held = options.check().and_then(|()| match options.front {
        Which::Blocking => storm::<Blocking>(&options),
        Which::Background => storm::<Background>(&options),
        Which::Async => storm::<front::Asynchronous>(&options),
        Which::Keyed => storm::<front::KeyedTrailing>(&options),
        Which::KeyedLeading => storm::<front::KeyedLeading>(&options),
    });
    match held {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(why) => {
            eprintln!("storm: {why}");
            ExitCode::from(2)
        }
    }
}

/// Whether the guarantees held.
fn storm<F: Front>(options: &Options) -> Result<bool, String> {
    // First, so that a path that cannot be written is known before the storm.
    let svg = options.svg.as_deref().map(|path| open(path).map(|file| (path, file))).transpose()?;
    let measuring = report::measure_measuring(&F::clock());
    let whole = u64::try_from(options.seconds.as_millis()).unwrap_or(u64::MAX);
    let style = ProgressStyle::with_template("{spinner} {wide_bar} {eta}").expect("the template is valid");
    let Whole { verdict, testimonies, records, threshold, lasted, slice } =
        whole::perform::<F>(options, &ProgressBar::new(whole).with_style(style))?;

    let report = Report {
        options,
        verdict: &verdict,
        testimonies: &testimonies,
        measuring,
        lasted,
        full: records.iter().any(|record| record.log.is_full()),
    };
    print(&if options.json { report.as_json() } else { report.as_table() })?;
    for broken in &verdict.broken {
        eprintln!("{} broken: {}", broken.guarantee, broken.how);
    }
    if let Some((path, file)) = svg {
        let picture = picture::draw(options, threshold, slice, &records[0].log, &testimonies[0])?;
        write(file, &picture).map_err(|e| format!("cannot write {}: {e}", path.display()))?;
    }
    Ok(verdict.broken.is_empty())
}

fn open(path: &Path) -> Result<File, String> {
    // Not truncated: an old picture stays until the new one is ready.
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|e| format!("cannot write {}: {e}", path.display()))
}

fn write(mut file: File, text: &str) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    if file.metadata()?.is_file() {
        file.set_len(text.len() as u64)?;
    }
    Ok(())
}
