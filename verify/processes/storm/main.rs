//! A storm of calls on one throttle from many processes, some of which are killed or stopped, and a check that the
//! guarantees held.
//!
//! ```text
//! cargo run --release -p processes --example storm -- \
//!     --driver shm:/dev/shm/storm --seconds 20 --kill-every 2s --stop-every 7s --svg storm.svg
//! cargo run --release -p processes --example storm -- \
//!     --driver 'redis://127.0.0.1:6379/storm?lease=3s' --processes 8 --kill-every 2s
//! ```
//!
//! It starts itself again for each process. Each of them writes what happens to it to a file of its own; when
//! all have ended, the judge of the trials decides from these files alone. With the driver `memory:`, the
//! default, front ends in threads of one process take the place of the processes: nothing has to be
//! installed, and no one can be killed.

mod aim;
mod clocks;
mod guarantees;
mod options;
mod order;
mod participant;
mod picture;
mod process;
mod processes;
mod report;
mod seat;
mod slice;
mod storm;
mod story;
#[cfg(test)]
mod tests;
mod threads;
mod watched;

use ::processes::judge::{Trial, Verdict, judge};
use atomic_throttle_cluster::Drivers;
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use measure_options::shared::Sheet;
use options::{Cli, LEASE, Options, Part};
use report::Report;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use storm::{Past, Setting};
use story::Story;

#[cfg(test)]
use watchdog as _;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let held = match cli.part {
        Some(Part::Process) => process::run().map(|()| true),
        None => storm(&cli.options),
    };
    match held {
        Ok(held) => exit_code(held),
        Err(why) => {
            eprintln!("storm: {why}");
            ExitCode::from(2)
        }
    }
}

fn exit_code(held: bool) -> ExitCode {
    if held { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

/// Whether the guarantees held.
fn storm(options: &Options) -> Result<bool, String> {
    options.check()?;
    let opened = Drivers::standard().open(&options.driver).map_err(|e| with_causes(&e))?;
    let lease = opened.lease.unwrap_or(LEASE);
    options.check_lease(lease, opened.register.answers_within())?;
    opened.register.read().map_err(|e| with_causes(&e))?;
    // Opened first, so that an unwritable path is known before the storm.
    let sheet = options.picture.open()?;
    let folder = tempfile::Builder::new().prefix("storm-").tempdir();
    let folder = folder.map_err(|e| format!("cannot make a folder for the logs: {e}"))?;
    let seed = options.seed.unwrap_or_else(|| rand::random::<u32>().into());
    let setting = Setting { options, lease, seed, folder: folder.path() };

    let whole = u64::try_from(options.lasts().as_millis()).unwrap_or(u64::MAX);
    let style = ProgressStyle::with_template("{spinner} {wide_bar} {eta}").expect("the template is valid");
    let bar = ProgressBar::new(whole).with_style(style);
    let past = if options.is_alone() {
        threads::rage(&setting, &opened.register, &bar)?
    } else {
        processes::rage(&setting, &*opened.register, &bar)?
    };
    let held = conclude(&setting, &past, sheet)?;
    if options.keep || !held {
        eprintln!("The logs of all processes are kept in {}", folder.keep().display());
    }
    Ok(held)
}

/// Judges a storm and reports it. Returns whether the guarantees held.
fn conclude(setting: &Setting<'_>, past: &Past, sheet: Option<Sheet<'_>>) -> Result<bool, String> {
    let &Setting { options, lease, seed, .. } = setting;
    let described = options.describe(lease, seed);
    let trial = storm::trial(setting, past)?;
    let told = tell(options, &described, &trial, past);
    print(&told.text)?;
    for broken in &told.broken {
        eprintln!("broken: {broken}");
    }
    if let Some(sheet) = sheet {
        sheet.write(&picture::draw(&described, options.row(), &trial, &told.story)?)?;
    }
    Ok(told.broken.is_empty())
}

/// The report of a storm.
struct Summary {
    text: String,
    story: Story,
    broken: Vec<String>,
}

fn tell(options: &Options, described: &str, trial: &Trial, past: &Past) -> Summary {
    let Verdict { breaches, figures } = judge(trial);
    let story = Story::of(trial);
    let guarantees = guarantees::of(trial, &story, &figures, &breaches, &past.stuck);
    let report = Report {
        options,
        described,
        trial,
        story: &story,
        figures: &figures,
        guarantees: &guarantees,
        lasted: past.lasted,
    };
    let text = report.as_text();
    let broken = guarantees.into_iter().flat_map(|guarantee| guarantee.broken).collect();
    Summary { text, story, broken }
}

/// An error with all its causes.
fn with_causes(error: &dyn Error) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn print(text: &str) -> Result<(), String> {
    match writeln!(io::stdout(), "{text}") {
        // The reader has read enough.
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(|e| format!("cannot print the result: {e}")),
    }
}
