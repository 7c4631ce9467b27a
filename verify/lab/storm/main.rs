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
//! The library `lab` performs the storm and judges it: src/lib.rs says how.

mod picture;
mod report;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use lab::front::{self, Background, Blocking, Front, Which};
use lab::options::Options;
use lab::print::print;
use lab::record::RunLog;
use lab::whole::{self, Whole};
use report::Report;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

#[cfg(test)]
use watchdog as _;

fn main() -> ExitCode {
    let options = Options::parse();
    let held = options.check().map_err(|unfit| unfit.to_string()).and_then(|()| match options.front {
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
    let Whole { verdict, testimonies, logs, threshold, lasted, slice, .. } =
        whole::perform::<F>(options, &ProgressBar::new(whole).with_style(style))?;

    let report = Report {
        options,
        verdict: &verdict,
        testimonies: &testimonies,
        measuring,
        lasted,
        full: logs.iter().any(RunLog::is_full),
    };
    print(&if options.json { report.as_json() } else { report.as_table() })?;
    for broken in &verdict.broken {
        eprintln!("{} broken: {}", broken.guarantee, broken.how);
    }
    if let Some((path, file)) = svg {
        // The last testimony is of calls from inside runs, which no thread made.
        let (_, of_threads) = testimonies[0].split_last().ok_or("no thread has called")?;
        let picture = picture::draw(options, threshold, slice, &logs[0], of_threads)?;
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
